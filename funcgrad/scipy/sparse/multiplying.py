"""Products and systems of a sparse matrix, whose elements, their columns and the start of each row are arguments.

A is (data, indices, indptr) as in `scipy.sparse.csr_array`: the elements of row i are those from indptr[i] to
indptr[i + 1]. The transpose of one is the same three read by columns.
"""

from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve

from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type
from funcgrad.numpy.creation import take
from funcgrad.primitives.kinds import Multilinear, Opaque, stretched
from funcgrad.primitives.reducing import Flat
from funcgrad.primitives.shaping import Reshape, Transpose
from funcgrad.primitives.solving import dtype_of


@saved
@frozen(eq=False, repr=False)
class Rows(Flat):
    """The row of each of a sparse matrix's elements, from the start of each row."""

    #: How many elements there are.
    count: int

    def run(self, indptr: Any) -> Any:
        return np.searchsorted(indptr, np.arange(self.count), "right").astype(np.int64) - 1

    def infer(self, indptr: Any) -> Any:
        return Type((self.count,), np.dtype(np.int64))

    def batch(self, *args: Any) -> Any:
        (indptr,) = args
        size, length = indptr.shape
        whole = joined_starts(indptr, self.count)
        rows = Reshape((size, self.count))(Rows(size * self.count)(whole))
        return rows - np.arange(size)[:, None] * (length - 1)


def joined_starts(indptr: Any, count: int) -> Any:
    """The starts of the rows of several matrices of as many elements, one after the other in one large matrix."""
    size, length = indptr.shape
    starts = indptr[:, :-1] + np.arange(size)[:, None] * count
    return np.concatenate([Reshape((size * (length - 1),))(starts), np.full(1, size * count)])


def elements(zbar: Any, X: Any, data: Any, indices: Any, indptr: Any, turned: bool) -> Any:
    """Σₖ z̄ᵢₖ xⱼₖ for the elements (i, j) of a sparse matrix: the cotangent of each."""
    rows = Rows(data.shape[0])(indptr)
    i, j = (indices, rows) if turned else (rows, indices)
    return np.sum(take(zbar, i, axis=0) * take(X, j, axis=0), axis=-1)


def batched(op: Any, lengths: tuple[int, int], rows_of_answer: int, size: int, which: Any, args: Any) -> Any:
    """A batch of products or solutions: of one matrix, as columns; else along the diagonal of one large matrix."""
    data, X, indices, indptr = args
    if which == (False, True, False, False):
        columns = Reshape((X.shape[1], size * X.shape[2]))(Transpose((1, 0, 2))(X))
        Z = op(*lengths)(data, columns, indices, indptr)
        return Transpose((1, 0, 2))(Reshape((Z.shape[0], size, X.shape[2]))(Z))
    data, X, indices, indptr = [a if b else stretched(a, size) for a, b in zip(args, which, strict=True)]
    (_, count), (rows, columns) = data.shape, lengths
    inner = Reshape((size * count,))(indices + np.arange(size)[:, None] * columns)
    whole = (Reshape((size * count,))(data), Reshape((size * X.shape[1], X.shape[2]))(X))
    Z = op(size * rows, size * columns)(*whole, inner, joined_starts(indptr, count))
    return Reshape((size, rows_of_answer, X.shape[2]))(Z)


@saved
@frozen(eq=False, repr=False)
class SparseProduct(Multilinear):
    """Z = A X for a sparse A, or Aᵀ X.  X̄ = Aᵀ Z̄, and Ā = Z̄ Xᵀ where A has elements."""

    #: How many rows A has.
    rows: int
    #: How many columns.
    columns: int
    #: Whether it is Aᵀ that is meant.
    turned: bool

    def run(self, data: Any, X: Any, indices: Any, indptr: Any) -> Any:
        A = csr_array((data, indices, indptr), shape=(self.rows, self.columns))
        dtype = np.result_type(data.dtype, X.dtype)
        return ((A.T if self.turned else A) @ X).astype(dtype, copy=False)

    def infer(self, data: Any, X: Any, indices: Any, indptr: Any) -> Any:
        dtype = np.result_type(data.dtype, X.dtype)
        return Type((self.columns if self.turned else self.rows, X.shape[1]), dtype)

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        data, X, indices, indptr = args
        if i == 0:
            return elements(zbar, X, data, indices, indptr, self.turned)
        return SparseProduct(self.rows, self.columns, not self.turned)(data, zbar, indices, indptr)

    def links(self, i: int, *args: Any) -> Any:
        """The pairs of an element of Z and one of argument i that it is made of; None where A is not known."""
        _, X, indices, indptr = args
        if type(indices) is not np.ndarray or type(indptr) is not np.ndarray:
            return None
        rows, across = np.repeat(np.arange(self.rows), np.diff(indptr)), np.arange(X.shape[1])
        into, out = (indices, rows) if self.turned else (rows, indices)
        Z = np.add.outer(into * X.shape[1], across)
        if i == 0:
            return Z, np.broadcast_to(np.arange(len(indices))[:, None], Z.shape)
        return Z, np.add.outer(out * X.shape[1], across)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        def product(rows: int, columns: int) -> Any:
            return SparseProduct(rows, columns, self.turned)

        answer = self.columns if self.turned else self.rows
        return batched(product, (self.rows, self.columns), answer, size, tuple(which), args)


@saved
@frozen(eq=False, repr=False)
class SparseSolve(Opaque):
    """X with A X = B for a sparse square A, or Aᵀ X = B.  As `Solve`: B̄ = A⁻ᵀ X̄, and Ā = -B̄ Xᵀ where A has elements."""

    #: How many rows A has.
    size: int
    #: Whether it is Aᵀ that is meant.
    turned: bool
    reads: ClassVar[str] = "z x w u"

    def run(self, data: Any, B: Any, indices: Any, indptr: Any) -> Any:
        dtype = dtype_of(data.dtype, B.dtype)
        if not B.size:
            return np.zeros(B.shape, dtype)
        A = csr_array((data.astype(dtype), indices, indptr), shape=(self.size, self.size), copy=True)
        return spsolve(A.T if self.turned else A, B.astype(dtype)).reshape(B.shape).astype(dtype, copy=False)

    def infer(self, data: Any, B: Any, indices: Any, indptr: Any) -> Any:
        return Type(B.shape, dtype_of(data.dtype, B.dtype))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Any) -> list[Any]:
        data, _, indices, indptr = args
        Bbar = SparseSolve(self.size, not self.turned)(data, zbar, indices, indptr)
        return [-elements(Bbar, z, data, indices, indptr, self.turned) if i == 0 else Bbar for i in wanted]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        def system(rows: int, _columns: int) -> Any:
            return SparseSolve(rows, self.turned)

        return batched(system, (self.size, self.size), self.size, size, tuple(which), args)
