"""Sparse arrays beside traced values, and with traced elements."""

from hashlib import sha256
from typing import Any

import numpy as np
import scipy.sparse
from attrs import field, frozen

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.provenance import refuse
from funcgrad.numpy.contracting import operands
from funcgrad.primitives.shaping import Reshape, Transpose
from funcgrad.scipy.mirroring import mirrors
from funcgrad.scipy.sparse.multiplying import SparseProduct


@frozen(eq=False)
class Pattern:
    """Which elements a sparse array has. Two of the same shape and elements are equal."""

    #: The numbers of rows and of columns.
    shape: tuple[int, int]
    #: The column of each element, row by row.
    indices: Any
    #: Where in `indices` each row begins, and where the last one ends.
    indptr: Any
    #: What tells patterns apart.
    digest: str = field(init=False, repr=False)

    @digest.default
    def _digest(self) -> str:
        parts = [np.ascontiguousarray(a, np.int64).tobytes() for a in (self.shape, self.indptr, self.indices)]
        return sha256(b"".join(parts)).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@frozen(eq=False)
class SparseArray:
    """A sparse array whose elements may be traced: a tree of one leaf, `data`.

    It has the shape, T, @, dot, products with numbers, and toarray(); the elements it has are fixed.
    """

    __array_ufunc__ = None
    ndim = 2

    #: The elements, row by row.
    data: Any
    #: Which they are.
    pattern: Pattern = field(metadata={"static": True})
    #: Whether it is the transpose of what `pattern` says.
    turned: bool = field(default=False, metadata={"static": True})

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        rows, columns = self.pattern.shape
        return (columns, rows) if self.turned else (rows, columns)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.data.dtype

    @property
    def nnz(self) -> int:
        """How many elements there are."""
        return len(self.pattern.indices)

    @property
    def T(self) -> "SparseArray":
        """The transpose."""
        return SparseArray(self.data, self.pattern, not self.turned)

    def __matmul__(self, x: Any) -> Any:
        return matmul(self, x)

    def __rmatmul__(self, x: Any) -> Any:
        return matmul(x, self)

    def dot(self, x: Any) -> Any:
        """A @ x."""
        return matmul(self, x)

    def __mul__(self, factor: Any) -> "SparseArray":
        number = isinstance(factor, int | float | complex) or getattr(factor, "ndim", 1) == 0
        if not number:
            return NotImplemented
        return SparseArray(self.data * factor, self.pattern, self.turned)

    __rmul__ = __mul__

    def __neg__(self) -> "SparseArray":
        return SparseArray(-self.data, self.pattern, self.turned)

    def toarray(self) -> Any:
        """The same numbers in a dense array."""
        return matmul(self, np.eye(self.shape[1], dtype=self.data.dtype))


#: Either kind of sparse array.
Sparse = (SparseArray, scipy.sparse.sparray, scipy.sparse.spmatrix)


def parts(A: Any) -> SparseArray:
    """SciPy's sparse array or matrix as one of ours; those by columns are transposes of those by rows."""
    if isinstance(A, SparseArray):
        return A
    if A.ndim != 2:
        refuse(
            UnsupportedFunction,
            f"A sparse array of {A.ndim} axes met a traced value.",
            "Make it one of two axes with reshape.",
        )
    by_columns = A.format == "csc"
    A = A if by_columns else A.tocsr()
    shape = A.shape[::-1] if by_columns else A.shape
    return SparseArray(A.data, Pattern(shape, A.indices, A.indptr), by_columns)


def matmul(x: Any, y: Any) -> Any:
    """x @ y where one of the two is sparse, and the other is not."""
    if not isinstance(x, Sparse):
        (x,) = operands(x)
        return turned_over(matmul(parts(y).T, turned_over(x)))
    if isinstance(y, Sparse):
        refuse(
            UnsupportedFunction,
            "The product of two sparse arrays with traced elements has no derivative rule.",
            "Multiply from the right, A @ (B @ x), or make one of them dense with toarray().",
        )
    A, (y,) = parts(x), operands(y)
    if y.ndim not in (1, 2) or y.shape[0] != A.shape[1]:
        raise ValueError(f"matmul: dimension mismatch with signature (n,k={A.shape[1]}),(k={y.shape},m)->(n,m)")
    Y = y if y.ndim == 2 else Reshape((*y.shape, 1))(y)
    Z = SparseProduct(*A.pattern.shape, A.turned)(A.data, Y, A.pattern.indices, A.pattern.indptr)
    return Z if y.ndim == 2 else Reshape(Z.shape[:1])(Z)


def turned_over(x: Any) -> Any:
    """The transpose of a matrix, and a vector itself."""
    return Transpose((1, 0))(x) if x.ndim == 2 else x


# ---- making ----------------------------------------------------------------------------------------------------------
def assembled(name: str, given: Any, shape: Any, dtype: Any, by_columns: bool) -> SparseArray:
    """A sparse array of traced elements, from what SciPy's constructors take."""
    if dtype is not None:
        refuse(UnsupportedFunction, f"scipy.sparse.{name} with dtype= is not supported.", "Write data.astype(dtype).")
    if not isinstance(given, tuple) or len(given) not in (2, 3):
        refuse(
            UnsupportedFunction,
            f"scipy.sparse.{name} of a dense traced value has no rule: which elements are 0 depends on numbers.",
            f"Say which there are: {name}((data, (rows, columns)), shape).",
        )
    (data,) = operands(given[0])
    if len(given) == 3:
        indices, indptr = map(integers, given[1:])
        if shape is None:
            across = int(indices.max()) + 1 if indices.size else 0
            shape = (across, indptr.size - 1) if by_columns else (indptr.size - 1, across)
    else:
        rows, columns = map(integers, given[1])
        shape = shape or (int(rows.max()) + 1, int(columns.max()) + 1)
        for name, places, length in (("row", rows, shape[0]), ("column", columns, shape[1])):
            if places.size and not 0 <= places.min() <= places.max() < length:
                raise ValueError(f"{name} index exceeds matrix dimensions")
        one, other = (columns, rows) if by_columns else (rows, columns)
        order = np.lexsort((other, one))
        data, indices = data[order], other[order]
        indptr = np.searchsorted(one[order], np.arange(shape[by_columns] + 1))
    shape = (int(shape[0]), int(shape[1]))
    shape = shape[::-1] if by_columns else shape
    scipy.sparse.csr_array((np.zeros(data.shape), indices, indptr), shape=shape).check_format()
    return SparseArray(data, Pattern(shape, indices, indptr), by_columns)


def integers(a: Any) -> Any:
    """Indices as an array of their own."""
    return np.array(a, np.int64)


@mirrors(scipy.sparse.csr_array)
def csr_array(arg1: Any, shape: Any = None, dtype: Any = None, copy: bool = False) -> SparseArray:
    """A sparse array by rows, from (data, indices, indptr) or (data, (rows, columns)), whose data may be traced.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> def f(data):
    ...     A = csr_array((data, ([0, 1], [1, 0])), shape=(2, 2))
    ...     return np.sum(A @ np.array([2.0, 3.0]))
    >>> grad(f)(np.ones(2))
    array([3., 2.])
    """
    return assembled("csr_array", arg1, shape, dtype, False)


@mirrors(scipy.sparse.csc_array)
def csc_array(arg1: Any, shape: Any = None, dtype: Any = None, copy: bool = False) -> SparseArray:
    """A sparse array by columns, from (data, indices, indptr) or (data, (rows, columns)), whose data may be traced."""
    return assembled("csc_array", arg1, shape, dtype, True)


@mirrors(scipy.sparse.coo_array)
def coo_array(arg1: Any, shape: Any = None, dtype: Any = None, copy: bool = False) -> SparseArray:
    """A sparse array from (data, (rows, columns)), whose data may be traced."""
    return assembled("coo_array", arg1, shape, dtype, False)


@mirrors(scipy.sparse.diags_array)
def diags_array(
    diagonals: Any, /, *, offsets: Any = 0, shape: Any = None, format: Any = None, dtype: Any = None
) -> SparseArray:
    """A sparse array of diagonals, each a vector, or a number for all of its elements."""
    single = not isinstance(diagonals, tuple | list)
    several = [diagonals] if single else list(diagonals)
    wanted = [int(k) for k in np.atleast_1d(offsets)]
    vectors = [np.atleast_1d(a) for a in operands(*several)]
    if len(vectors) != len(wanted):
        raise ValueError("Different number of diagonals and offsets.")
    if shape is None:
        n = vectors[0].shape[0] + abs(wanted[0])
        shape = (n, n)
    data, rows, columns = [], [], []
    for k, a in zip(wanted, vectors, strict=True):
        first = (max(-k, 0), max(k, 0))
        length = max(min(shape[0] - first[0], shape[1] - first[1]), 0)
        if a.shape[0] not in (1, length):
            raise ValueError(f"Diagonal length ({a.shape[0]} at offset {k}) does not agree with array size ({shape}).")
        data.append(np.broadcast_to(a, (length,)))
        rows.append(first[0] + np.arange(length))
        columns.append(first[1] + np.arange(length))
    both = (np.concatenate(rows), np.concatenate(columns))
    return assembled("diags_array", (np.concatenate(data), both), shape, dtype, format == "csc")
