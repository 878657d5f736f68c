"""What is known of an array before it exists."""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from funcgrad import tree
from funcgrad.graph.dispatch import loaded

#: Python's numbers do not decide a dtype: beside a float32 array, 2.0 is a float32.
WEAK = {float: np.dtype(np.float64), int: np.dtype(np.int64), complex: np.dtype(np.complex128)}

#: NumPy's own number for each of Python's.
STRONG: dict[type, Any] = {bool: np.bool_} | {kind: dtype.type for kind, dtype in WEAK.items()}
NUMBERS = frozenset(STRONG)
#: Exact classes of plain values that an operation takes as they are.
PLAIN = NUMBERS | {np.ndarray} | {np.dtype(code).type for code in "?bBhHiIlLqQefdgFDG"}


class Fields(NamedTuple):
    """The fields of a type."""

    #: The length of each axis.
    shape: tuple[int, ...]
    #: NumPy's dtype.
    dtype: np.dtype[Any]
    #: Whether this is still a Python number, which gives way to any dtype it meets.
    weak: bool = False
    #: While jit traces, what it knows beside the type (`tracing.Witness`); no part of what the type is.
    witness: Any = None


#: `grown(Type, (shape, dtype, False, None))` is `Type(…)` without the detour through Python.
grown = tuple.__new__


@tree.register_leaf
class Type(Fields):
    """The type of an array: everything about it but its numbers.  A named tuple: it is compared and hashed.

    >>> import numpy as np
    >>> Type((2, 3), np.dtype("float32"))
    float32[2,3]
    """

    __slots__ = ()

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: int(np.prod(self.shape, dtype=np.int64)))

    def __eq__(self, other: object) -> bool:
        return type(other) is Type and self[:3] == other[:3]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:3])

    def __repr__(self) -> str:
        lengths = f"[{','.join(map(str, self.shape))}]" if self.shape else ""
        return f"{'weak ' if self.weak else ''}{dtype_name(self.dtype)}{lengths}"

    def with_shape(self, shape: tuple[int, ...]) -> "Type":
        """The same dtype, no longer weak, at another shape."""
        return Type(tuple(shape), self.dtype)

    def with_dtype(self, dtype: Any) -> "Type":
        """The same shape at another dtype."""
        return Type(self.shape, np.dtype(dtype))

    def with_lengths(self, lengths: dict[int, int]) -> "Type":
        """The same dtype with the axes named in `lengths` at other lengths."""
        return self.with_shape(tuple(lengths.get(axis, length) for axis, length in enumerate(self.shape)))

    def strong(self) -> "Type":
        """The same type once it has met an operation that is not arithmetic."""
        return self._replace(weak=False, witness=None) if self.weak else self

    def bare(self) -> "Type":
        """The type alone, as a finished graph keeps it."""
        return self if self.witness is None else self._replace(witness=None)

    def promoting(self) -> Any:
        """What stands for this type in NumPy's promotion: a dtype, or Python's own class if weak."""
        return {"f": float, "i": int, "c": complex}[self.dtype.kind] if self.weak else self.dtype


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name of a dtype, the same on machines of either byte order; NumPy's code where bytes are swapped."""
    return dtype.name if dtype.isnative else dtype.str


def type_of(value: Any) -> Any:
    """The Type of a plain value, of a node, or of what a history remembers; a Type is its own."""
    kind = type(value)
    if kind is Type:
        return value
    if kind is ndarray:
        return tuple.__new__(Type, (value.shape, value.dtype, False, None))
    if kind is tuple:
        return tuple(map(type_of, value))
    if kind in WEAK:
        return Type((), WEAK[kind], weak=True)
    if kind is bool:
        return Type((), np.dtype(bool))
    return Type(value.shape, value.dtype, getattr(value, "weak", False))


def key_of(field: Any) -> Hashable:
    """What tells a field apart: -0.0 from 0.0, 1 from True and 1.0, while one NaN is like another."""
    if type(field) is tuple:
        return tuple(map(key_of, field))
    if hasattr(field, "key"):
        key: Hashable = field.key
        return key
    return (type(field).__qualname__, dtype_name(field) if isinstance(field, np.dtype) else repr(field))


def digest_of(content: bytes) -> str:
    """The SHA-256 of some bytes: the same in every process and on every machine."""
    digest: str = loaded("funcgrad.graph.digests").digest(content)
    return digest
