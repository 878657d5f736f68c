"""Mini-batches: the rows of a tree of arrays, a few at a time, in an order that a key decides."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from funcgrad import random, tree
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse


def batches(
    data: Any, batch_size: Any, *, key: Any = None, epochs: int | None = 1, drop_remainder: bool = False
) -> Iterator[Any]:
    """The rows of all arrays of a tree, `batch_size` at a time, as trees of the same structure.

    batches : Tree(ℝⁿˣ…) → Tree(ℝᵇˣ…), …  Rows stand along axis 0. With a key each epoch has an order of its own:
    `random.permutation(random.fold_in(key, epoch), n)` with epoch = 1, 2, …; without one they come as they stand.
    `epochs=None` goes on forever. The last batch of an epoch may be smaller; `drop_remainder` leaves it out.

    >>> for batch in batches({"x": np.arange(5), "y": np.arange(5) ** 2}, 2):
    ...     print(batch["x"], batch["y"])
    [0 1] [0 1]
    [2 3] [4 9]
    [4] [16]
    >>> shuffled = list(batches(np.arange(5), 2, key=random.key(0)))
    >>> sorted(np.concatenate(shuffled).tolist())
    [0, 1, 2, 3, 4]
    """
    steps_of_epoch(data, batch_size, drop_remainder)  # refuse before the first batch is asked for
    return (batch for _, _, batch in numbered(data, batch_size, key, epochs, drop_remainder, 0))


def steps_of_epoch(data: Any, batch_size: Any, drop_remainder: bool = False) -> int:
    """How many batches an epoch has.

    >>> steps_of_epoch(np.zeros((5, 3)), 2), steps_of_epoch(np.zeros((5, 3)), 2, drop_remainder=True)
    (3, 2)
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        refuse(
            BadArgument,
            f"Batches of {batch_size!r} rows were asked for. A batch has a whole number of rows.",
            "Write batch_size=32, or the number of all rows.",
        )
    rows = rows_of(data)
    steps = rows // batch_size if drop_remainder else -(-rows // batch_size)
    if not steps:
        refuse(
            BadArgument,
            f"Batches of {batch_size} rows were asked for, and the data has {rows}. So there is none.",
            "Take smaller batches, or leave drop_remainder out." if rows else "Pass arrays with rows.",
        )
    return int(steps)


def rows_of(data: Any) -> int:
    """The number of rows, on which all arrays agree."""
    found = tree.leaves_with_path(data)
    lengths = {tree.path_name(path, "data"): np.shape(leaf)[:1] for path, leaf in found}
    if not lengths or len(set(lengths.values())) > 1 or () in lengths.values():
        said = ", ".join([f"{name} has {length[0] if length else 'no'} rows" for name, length in lengths.items()][:4])
        refuse(
            BadArgument,
            f"Batches are rows that all arrays have. {said or 'The data has no array'}.",
            "Pass a tree of arrays with one length along axis 0.",
        )
    length: int = next(iter(lengths.values()))[0]
    return length


def numbered(
    data: Any, batch_size: Any, key: Any, epochs: int | None, drop_remainder: bool, skip: int
) -> Iterator[tuple[int, bool, Any]]:
    """Epochs from 1, whether a batch is the last of its epoch, and the batches, without the first `skip` of them."""
    steps, rows = steps_of_epoch(data, batch_size, drop_remainder), rows_of(data)
    leaves, shape = tree.flatten(data)
    arrays = [np.asarray(leaf) for leaf in leaves]
    before, first = divmod(skip, steps)
    for epoch in count(before + 1) if epochs is None else range(before + 1, epochs + 1):
        order = None if key is None else random.permutation(random.fold_in(key, epoch), rows)
        for place in range(first, steps):
            here = slice(place * batch_size, (place + 1) * batch_size)
            chosen = here if order is None else order[here]
            yield epoch, place == steps - 1, shape.unflatten([array[chosen] for array in arrays])
        first = 0
