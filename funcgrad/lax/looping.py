"""Loops of known length: scan, map and fori_loop."""

from collections.abc import Callable
from functools import wraps
from math import isqrt
from typing import Any

import numpy as np
from attrs import evolve

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.op import unknown, weak
from funcgrad.graph.types import Type, type_of
from funcgrad.lax.repeating import while_loop
from funcgrad.transforms.batching import vmap
from funcgrad.transforms.boundary import copied
from funcgrad.transforms.carrying import looped, numbers_of
from funcgrad.transforms.grouping import in_blocks
from funcgrad.transforms.rewinding import enough
from funcgrad.transforms.scanning import Scan


def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    checkpoint: str | int | None = None,
) -> tuple[Any, Any]:
    """The loop c, y₀ = f(c, x₀); c, y₁ = f(c, x₁); … : the last carry c, and the y stacked.

    scan : (C × X → C × Y) × C × Xⁿ → C × Yⁿ, for trees C, X and Y, of which xs and the y have the steps along axis 0.
    `length` gives n where there is no xs; `reverse` takes the last row first. f is staged once: its arguments are
    unknown, and Python's `if` cannot ask for them (`cond` can). Backwards, the carry that each step began with is kept
    and what f computes on the way is computed again, but for what is dear and small. `unroll=k` takes k steps in one,
    which keeps every k-th carry alone; True takes all in one.

    `checkpoint` says which carries are kept: "sqrt" every √n-th, which takes each step once more; "binomial" as few as
    it takes for no step to be taken again more than three times; an integer so many, by the binomial schedule.
    Griewank and Walther, *Algorithm 799: revolve* (2000).

    >>> import numpy as np
    >>> scan(lambda c, x: (c + x, c * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    """
    rows, structure = numbers_of("scan", "xs", xs)
    steps = length_of(rows, structure, length)
    kinds = [Type(type_of(x).shape[1:], type_of(x).dtype) for x in rows]
    loop, first, carried = looped("scan", f, init, [(structure, kinds)], pair=True)
    n = len(first)
    op = Scan(loop.body, n, len(rows), steps, bool(reverse))
    args = (*first, *rows, *loop.captured)
    found = scheduled(op, args, checkpoint, blocks_of(unroll, steps))
    answers = [copied(y) if type(y) is not Node else y for y in found]
    return carried.unflatten(answers[:n]), loop.beside.unflatten(answers[n:])


def length_of(rows: list[Any], structure: Any, length: int | None) -> int:
    """The number of steps, on which all of `xs` agree."""
    found = length
    for i, x in enumerate(rows):
        path = tree.path_name(structure.paths()[i], root="xs")
        shape = type_of(x).shape
        if not shape:
            raise BadArgument(
                f"scan was given a number at {path}. It takes a row of each array in a step. Pass an array with the "
                "steps along axis 0, or close over the number."
            )
        if found is None:
            found = shape[0]
        if found != shape[0]:
            other = "length" if length is not None else tree.path_name(structure.paths()[0], root="xs")
            raise BadArgument(
                f"scan was given {shape[0]} rows at {path}, where {other} has {found}. A step takes one row of each. "
                "Give all of them one length along axis 0."
            )
    if found is None:
        raise BadArgument(
            "scan was given no xs and no length. So it cannot know how many steps to take. Write length=n."
        )
    return int(found)


def blocks_of(unroll: int | bool, steps: int) -> int:
    """How many steps are taken in one."""
    if type(unroll) is bool:
        return max(steps, 1) if unroll else 1
    if unroll < 1:
        raise BadArgument(f"scan was given unroll={unroll!r}. It is how many steps are taken in one. Write unroll=1.")
    return min(unroll, max(steps, 1))


def scheduled(op: Scan, args: tuple[Any, ...], checkpoint: str | int | None, unroll: int) -> tuple[Any, ...]:
    """The answers of a scan that keeps the carries of some steps only."""
    known = checkpoint in ("sqrt", "binomial") or (type(checkpoint) is int and checkpoint > 0)
    if checkpoint is not None and (not known or unroll > 1):
        what = "with unroll" if known else "which is no schedule"
        raise BadArgument(
            f"scan was given checkpoint={checkpoint!r}, {what}. It says which carries are kept. "
            'Write checkpoint="sqrt", "binomial" or how many carries to keep, and leave out unroll.'
        )
    if checkpoint == "sqrt":
        unroll = max(isqrt(op.length), 1)
    if type(checkpoint) is int or checkpoint == "binomial":
        op, unroll = evolve(op, snapshots=checkpoint if type(checkpoint) is int else enough(op.length)), 1
    if unroll > 1:
        return in_blocks(op, unroll, args, unrolled=checkpoint is None)
    answers: tuple[Any, ...] = op(*args)
    return answers


def map(f: Callable[..., Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """f of each row of xs, one after the other, stacked: like vmap, with the memory of one row, or of `batch_size`.

    >>> import numpy as np
    >>> map(lambda x: x @ x, np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([ 5., 25.])
    """
    if batch_size is None:
        return scan(handing(f, lambda _, x: ((), f(x)), ("the carry", 0)), (), xs)[1]
    rows, structure = numbers_of("map", "xs", xs)
    count, rest = divmod(length_of(rows, structure, None), batch_size)
    cut = count * batch_size
    blocks = [np.reshape(x[:cut], (count, batch_size, *x.shape[1:])) for x in rows]
    main = map(vmap(f), structure.unflatten(blocks))
    main = tree.map(lambda y: np.reshape(y, (cut, *y.shape[2:])), main)
    if not rest:
        return main
    last = vmap(f)(structure.unflatten([x[cut:] for x in rows]))
    return tree.map(lambda y, z: np.concatenate([y, z]), main, last)


def fori_loop(
    lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any, *, checkpoint: str | int | None = None
) -> Any:
    """The value after `for i in range(lower, upper): value = body_fun(i, value)`.

    `checkpoint` says which values a pullback keeps, as for `scan`, where the bounds are known.

    >>> fori_loop(0, 5, lambda i, v: v * (i + 1), 1.0)
    120.0
    """
    if any([type(bound) is Node and unknown(bound.value) for bound in (lower, upper)]):
        if checkpoint is not None:
            raise BadArgument(
                f"fori_loop was given checkpoint={checkpoint!r} and a bound that is unknown. Which values are kept "
                "depends on how many steps there are. Pass known bounds, or leave out checkpoint."
            )

        def repeated(carry: Any) -> Any:
            return carry[0] + 1, carry[1], body_fun(weak(carry[0]), carry[2])

        step = handing(body_fun, repeated, ("the carry (i, upper, value)",))
        return while_loop(lambda carry: carry[0] < carry[1], step, (lower, upper, init_val))[2]
    indices = np.arange(*[bound.value if type(bound) is Node else bound for bound in (lower, upper)])
    step = handing(body_fun, lambda value, i: (body_fun(weak(i), value), None), (1, 0))
    return scan(step, init_val, indices, checkpoint=checkpoint)[0]


def handing(function: Callable[..., Any], step: Callable[..., Any], order: tuple[int | str, ...]) -> Callable[..., Any]:
    """A step that hands its arguments on to a user's function, in another order: messages speak of the user's."""
    named = wraps(function)(step)
    named.__order__ = order  # type: ignore[attr-defined]  # a function may carry how it hands its arguments on
    return named
