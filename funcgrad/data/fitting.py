"""Training as a sequence: each step of an optimiser is a frozen record; whoever takes them looks, plots or stops."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from funcgrad import random
from funcgrad.data.batching import numbered, steps_of_epoch
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.optim.protocol import apply_updates, with_extra_args_support
from funcgrad.transforms.derivatives import value_and_grad
from funcgrad.transforms.jitting import jit


@frozen
class Step:
    """One step of a training."""

    #: Its number, from 1.
    step: int
    #: The pass over the data that it belongs to, from 1.
    epoch: int
    #: Whether it is the last of its epoch.
    ended: bool
    #: The loss of its batch, before it.
    loss: float
    #: The parameters after it.
    params: Any
    #: The optimiser's state after it.
    state: Any
    #: What the loss returned beside its value, and at the end of an epoch what `evaluate` did.
    metrics: Mapping[str, Any] = field(factory=dict)


def fit(
    loss: Callable[..., Any],
    params: Any,
    data: Any,
    optimizer: Any,
    *,
    key: Any = None,
    batch_size: int = 32,
    epochs: int | None = 1,
    drop_remainder: bool = False,
    has_aux: bool = False,
    noise: Any = None,
    evaluate: Callable[[Any], Mapping[str, Any]] | None = None,
    after: Step | None = None,
    jitted: bool = True,
) -> Iterator[Step]:
    """The steps of a training, one after the other, as they are asked for.

    loss : (params, batch) → ℝ, or (ℝ, metrics) with `has_aux`; with `noise`, a key, it is given a key of its own at
    each step as third argument. Batches are those of `batches`: `key` decides their order. The optimiser may search
    along lines, as `optim.lbfgs` does. `evaluate` is asked at the end of each epoch, and what it returns is added to
    the metrics. `after` goes on behind a step, to the last bit as if there had been no break; `epochs` counts from the
    beginning. A step is one jitted program, unless `jitted=False`.

    >>> import numpy as np
    >>> from funcgrad import data, optim
    >>> x = np.linspace(-1.0, 1.0, 8)
    >>> def loss(slope, batch):
    ...     x, y = batch
    ...     return np.mean((slope * x - y) ** 2)
    >>> steps = list(data.fit(loss, np.float64(0.0), (x, 3.0 * x), optim.sgd(0.5), batch_size=4, epochs=20))
    >>> len(steps), steps[-1].epoch, round(float(steps[-1].params), 3)
    (40, 20, 3.0)
    """
    steps_of_epoch(data, batch_size, drop_remainder)  # refuse before the first step is asked for
    if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
        refuse(
            BadArgument,
            f"data.fit was given {getattr(optimizer, '__name__', repr(optimizer))} as its optimizer, which has no init "
            "and update.",
            "Make one, as optim.adam(1e-3) does.",
        )
    own = with_extra_args_support(optimizer)
    update = stepped(loss, own, has_aux)
    state = own.init(params) if after is None else after.state
    first = Step(0, 0, False, 0.0, params, state) if after is None else after
    rows = numbered(data, batch_size, key, epochs, drop_remainder, first.step)
    return taken(as_program(update) if jitted else update, first, rows, noise, evaluate)


def as_program(f: Callable[..., Any]) -> Callable[..., Any]:
    """f under jit, of which every answer is the program's.

    The first answer for a signature is jit's own trace, which may differ from the program in the last bit: then a
    training that goes on, and traces where the unbroken one did not, would differ too. So that one is asked for again.
    """
    program = jit(f)
    traces = program.__jitted__.reasons  # type: ignore[attr-defined]  # what jit remembers

    def answered(*args: Any) -> Any:
        before = len(traces)
        answer = program(*args)
        return answer if len(traces) == before else program(*args)

    return answered


def stepped(loss: Callable[..., Any], optimizer: Any, has_aux: bool) -> Callable[..., Any]:
    """One step: (params, state, batch, key) ↦ (params, state, value, metrics)."""

    def update(params: Any, state: Any, batch: Any, *key: Any) -> Any:
        found, slopes = value_and_grad(loss, has_aux=has_aux)(params, batch, *key)
        value, metrics = found if has_aux else (found, {})

        def value_fn(params: Any) -> Any:
            found = loss(params, batch, *key)
            return found[0] if has_aux else found

        updates, state = optimizer.update(slopes, state, params, value=value, grad=slopes, value_fn=value_fn)
        return apply_updates(params, updates), state, value, metrics

    return update


def taken(
    update: Callable[..., Any], first: Step, rows: Iterator[tuple[int, bool, Any]], noise: Any, evaluate: Any
) -> Iterator[Step]:
    """The steps behind a first one."""
    step = first
    for number, (epoch, ended, batch) in enumerate(rows, first.step + 1):
        keys = () if noise is None else (random.fold_in(noise, number),)
        params, state, value, metrics = update(step.params, step.state, batch, *keys)
        if ended and evaluate is not None:
            metrics = {**metrics, **measured(evaluate(params))}
        step = Step(number, epoch, ended, float(value), params, state, metrics)
        yield step


def measured(metrics: Any) -> Mapping[str, Any]:
    """What `evaluate` returned."""
    if not isinstance(metrics, Mapping):
        refuse(
            BadAnswer,
            f"evaluate returned a {type(metrics).__name__}. Metrics have names.",
            'Return a dict: {"accuracy": 0.9}.',
        )
    return metrics


def early_stopping(
    steps: Iterable[Step],
    patience: int,
    *,
    min_delta: float = 0.0,
    value: Callable[[Step], Any] = lambda step: step.loss,
) -> Iterator[Step]:
    """The steps until `patience` of them in a row were not better than the best by more than `min_delta`.

    `value` says what is to be small; a step for which it is None does not count, as those inside an epoch may not.

    >>> losses = [4.0, 2.0, 3.0, 1.5, 1.6, 1.7, 0.1]
    >>> steps = [Step(i, 1, False, loss, None, None) for i, loss in enumerate(losses, 1)]
    >>> [step.loss for step in early_stopping(steps, 2)]
    [4.0, 2.0, 3.0, 1.5, 1.6, 1.7]
    >>> list(early_stopping(steps, 1, value=lambda step: step.metrics.get("error"))) == steps   # never measured
    True
    """
    if patience < 1:
        refuse(
            BadArgument,
            f"data.early_stopping was given patience={patience!r}. It is how many steps in a row may be no better.",
            "Write patience=1 or more.",
        )
    return stopped(steps, patience, min_delta, value)


def stopped(steps: Iterable[Step], patience: int, min_delta: float, value: Callable[[Step], Any]) -> Iterator[Step]:
    """The steps until the best is `patience` measured steps old."""
    best, waited = float("inf"), 0
    for step in steps:
        yield step
        now = value(step)
        if now is None:
            continue
        better = now < best - min_delta
        best, waited = (now, 0) if better else (best, waited + 1)
        if waited >= patience:
            return
