"""Sets: for each element of a value, the set of the inputs' elements it is made of, as the rows of a sparse array."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from scipy.sparse import csr_array, vstack

from funcgrad.errors import BadAnswer
from funcgrad.graph.types import Type

#: More elements than this in one value's sets are no sparse matrix: they would take a gigabyte.
MOST = 1 << 27


@frozen(eq=False)
class Reach:
    """A value of a graph, and which elements of the inputs each of its elements depends on."""

    #: Its type; a tuple of types for an operation of several results.
    type: Any
    #: The sets, a row for each element in C order; None if all are empty.
    sets: Any = None
    #: The plain value, if it is a constant of the graph.
    value: Any = None
    #: The reaches of several results.
    parts: tuple["Reach", ...] = ()

    @property
    def labels(self) -> Any:
        """The number of each of its elements, in its shape."""
        return numbered(self.type)


def numbered(kind: Type, first: int = 0) -> Any:
    """The elements of a type, numbered in C order."""
    return np.arange(first, first + kind.size).reshape(kind.shape)[()]


def of_rows(counts: Any, indices: Any, columns: int) -> Any:
    """Sets from their sizes and, one after the other, their elements."""
    indptr = np.concatenate(([0], np.cumsum(counts)))
    if indptr[-1] < 1 << 31:
        indptr = indptr.astype(np.int32)
    return csr_array((np.ones(len(indices), bool), indices.astype(indptr.dtype), indptr), shape=(len(counts), columns))


def bounded(size: Any) -> None:
    """Refuse sets of so many elements that they are no sparse matrix."""
    if size > MOST:
        raise BadAnswer(
            f"The sparsity pattern has {int(size):,} elements at some step: each result depends on too many "
            f"arguments. A sparse matrix of derivatives would be slower and larger than products with it. "
            "Use jvp, vjp or hvp, which need no matrix."
        )


def selected(sets: Any, labels: Any) -> Any:
    """The sets of the elements numbered by `labels`, in C order."""
    rows = np.asarray(labels).reshape(-1)
    if len(rows) == sets.shape[0] and np.array_equal(rows, np.arange(len(rows))):
        return sets
    counts = np.diff(sets.indptr)
    bounded(np.sum(counts[rows], dtype=np.int64))
    if sets.shape[0] == 1:
        return of_rows(np.full(len(rows), sets.nnz), np.tile(sets.indices, len(rows)), sets.shape[1])
    return sets[rows]


def kept(sets: Any, keep: Any) -> Any:
    """The sets where `keep` is true, and empty ones elsewhere."""
    keep = np.asarray(keep).reshape(-1)
    if keep.all():
        return sets
    counts = np.diff(sets.indptr)
    return of_rows(counts * keep, sets.indices[np.repeat(keep, counts)], sets.shape[1])


def union(*several: Any) -> Any:
    """For each element the union of its sets; None counts as empty."""
    found: list[Any] = []
    for sets in several:
        if sets is not None and not any([sets is one for one in found]):
            found.append(sets)
    if not found:
        return None
    total = found[0]
    for sets in found[1:]:
        total = total + sets
    return total


def linked(rows: Any, elements: Any, size: int, sets: Any) -> Any:
    """The union, for each of `size` elements, of the sets that it is linked with: pairs of numbers."""
    rows, elements = np.asarray(rows).reshape(-1), np.asarray(elements).reshape(-1)
    bounded(np.sum(np.diff(sets.indptr)[elements], dtype=np.int64))
    links = csr_array((np.ones(len(rows), bool), (rows, elements)), shape=(size, sets.shape[0]))
    return links @ sets


def pooled(labels: Any, size: int, sets: Any) -> Any:
    """The union, for each of `size` elements, of the sets of all elements that bear its label."""
    if size == 1:
        return whole([sets], 1)
    labels = np.asarray(labels).reshape(-1)
    return linked(labels, np.arange(len(labels)), size, sets)


def whole(several: Sequence[Any], size: int) -> Any:
    """For each of `size` elements the union of all sets there are."""
    columns = several[0].shape[1]
    elements = np.unique(np.concatenate([sets.indices for sets in several]))
    bounded(size * len(elements))
    return of_rows(np.full(size, len(elements)), np.tile(elements, size), columns)


def stacked(several: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Sets one after the other; None for so many empty ones."""
    (columns,) = {sets.shape[1] for sets in several if sets is not None}
    return vstack(
        [
            csr_array((size, columns), dtype=bool) if sets is None else sets
            for sets, size in zip(several, sizes, strict=True)
        ],
        format="csr",
    )
