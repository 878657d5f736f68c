"""Training: the loop that several programs share."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from funcgrad import data, jit, optim, value_and_grad


def trained(
    loss: Callable[[Any, Any], Any], params: Any, optimizer: Any, batches: Iterable[Any]
) -> Iterator[tuple[float, Any]]:
    """For each batch the loss before a step of the optimiser, and the parameters after it. A step is one program.

    >>> from itertools import repeat
    >>> steps = trained(lambda w, x: (w - x) ** 2, 0.0, optim.sgd(0.25), repeat(8.0, 3))
    >>> [(value, float(w)) for value, w in steps]
    [(64.0, 4.0), (16.0, 6.0), (4.0, 7.0)]
    """

    @jit
    def step(params: Any, state: Any, batch: Any) -> Any:
        value, slope = value_and_grad(loss)(params, batch)
        updates, state = optimizer.update(slope, state, params)
        return value, optim.apply_updates(params, updates), state

    state = optimizer.init(params)
    for batch in batches:
        value, params, state = step(params, state, batch)
        yield float(value), params


def by_epoch(steps: Iterable[data.Step]) -> Iterator[tuple[float, data.Step]]:
    """For each epoch the mean of its losses, and its last step.

    >>> steps = [data.Step(i, 1 + (i > 2), i in (2, 4), float(i), None, None) for i in range(1, 5)]
    >>> [(loss, step.epoch) for loss, step in by_epoch(steps)]
    [(1.5, 1), (3.5, 2)]
    """
    losses: list[float] = []
    for step in steps:
        losses.append(step.loss)
        if step.ended:
            yield sum(losses) / len(losses), step
            losses = []


def told(steps: int, parts: int = 10) -> set[int]:
    """The steps after which to say something: the first, and after each of the parts.

    >>> sorted(told(50, 5))
    [1, 10, 20, 30, 40, 50]
    """
    return {1, *(steps * part // parts for part in range(1, parts + 1))}
