"""Grouping: a scan that takes several steps as one, of which the carries between are not kept."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve

from funcgrad.transforms.bodies import fitted, stacked, staged
from funcgrad.transforms.scanning import Scan


def in_blocks(op: Scan, count: int, args: tuple[Any, ...], unrolled: bool = True) -> tuple[Any, ...]:
    """The answers of a scan that takes `count` steps at once, so that it keeps the carries of every `count`-th only.

    They are one long step, or with `unrolled=False` a loop inside the loop.
    """
    n, m, kinds = op.carries, op.carries + op.rows, op.body.graph.inputs
    blocks, rest = divmod(op.length, count)

    def steps(*values: Any) -> list[Any]:
        if not unrolled:
            return list(evolve(op, length=count, sparing=True)(*values))
        carry, found = values[:n], []
        for t in range(count)[:: -1 if op.reverse else 1]:
            answers = op.body.graph(*carry, *[x[t] for x in values[n:m]], *values[m:])
            carry = tuple(map(fitted, answers[:n], kinds))
            found.append(answers[n:])
        return [*carry, *[np.stack(ys[:: -1 if op.reverse else 1]) for ys in zip(*found, strict=True)]]

    def taken(which: Scan, carry: Sequence[Any], part: slice, shape: tuple[int, ...]) -> tuple[Any, ...]:
        rows = [np.reshape(x[part], (*shape, *x.shape[1:])) for x in args[n:m]]
        answers: tuple[Any, ...] = which(*carry, *rows, *args[m:])
        return answers

    types = [*kinds[:n], *[stacked(kind, count) for kind in kinds[n:m]], *kinds[m:]]
    body = op.body.once(("blocks", n, op.rows, op.reverse, count, unrolled), lambda: staged(types, steps))
    main = Scan(body, n, op.rows, blocks, op.reverse, sparing=True)
    last, cut = evolve(op, length=rest, sparing=True), blocks * count
    parts = [(main, slice(cut), (blocks, count)), (last, slice(cut, None), (rest,))]
    carry, found = args[:n], []
    for which, part, shape in parts[:: -1 if op.reverse else 1]:
        answers = taken(which, carry, part, shape)
        carry = answers[:n]
        found.append(
            [
                np.reshape(y, (-1, *kind.shape)) if which is main else y
                for y, kind in zip(answers[n:], op.body.kinds[n:], strict=True)
            ]
        )
    ys = [np.concatenate(both[:: -1 if op.reverse else 1]) for both in zip(*found, strict=True)]
    return (*carry, *ys)
