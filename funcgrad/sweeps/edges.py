"""The edges of a rule: where broadcasting is undone, dtypes are met, and answers leave the graph."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy import matmul, ndarray

from funcgrad.errors import EscapedNode
from funcgrad.graph.calls import frozen_array, running
from funcgrad.graph.node import History, Node
from funcgrad.graph.op import strong, unknown, weak
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.indexing import Piece
from funcgrad.primitives.kinds import Expand, Sum, reduced, thinned
from funcgrad.primitives.shaping import Cast, Reshape


def sum_to(a: Any, shape: tuple[int, ...]) -> Any:
    """Undo NumPy's broadcasting: `a` summed over whatever was stretched to get from `shape` to its own."""
    lengths = a.shape
    if lengths == shape:
        return a
    extra = len(lengths) - len(shape)
    if type(a) is ndarray:  # what most were stretched along: new rows, or a last axis that had been kept
        if extra == 1 and lengths[1:] == shape:
            return rows_summed(a)
        if not extra and shape[-1] == 1 and lengths[:-1] == shape[:-1]:
            return reduced(np.add, a, (len(shape) - 1,)).reshape(shape)
    same = (1,) * extra + shape if extra else shape
    axes = tuple([i for i, n in enumerate(lengths) if i < extra or n != same[i]])
    if extra < 0 or thinned(lengths, axes) != same:
        return sum_to(stretch_to(a, np.broadcast_shapes(lengths, shape)), shape)
    if type(a) is ndarray:
        return reduced(np.add, a, axes).reshape(shape)
    summed = Sum(axes)(a)
    return summed if summed.shape == shape else Reshape(shape)(summed)


#: The sum of so many rows, of so few columns, is quicker as a product with ones (measured: a half to a sixth).
ROWS, COLUMNS = 64, 64
#: Up to so many ones are kept for the next sum.
MANY = 1 << 12


@lru_cache(64)
def ones(length: int, dtype: np.dtype[Any]) -> Any:
    """So many ones, which nobody changes."""
    return frozen_array(np.ones(length, dtype))


def rows_summed(a: Any) -> Any:
    """Σ aᵢ over the rows of a plain array."""
    if a.ndim == 2 and a.shape[0] >= ROWS and 0 < a.shape[1] <= COLUMNS and a.dtype.char in "df":
        return matmul((ones if len(a) <= MANY else np.ones)(len(a), a.dtype), a)
    return np.add.reduce(a)


def stretch_to(a: Any, shape: tuple[int, ...]) -> Any:
    """`a` broadcast to `shape`."""
    if a.shape == shape:
        return a
    extra = len(shape) - len(a.shape)
    new = tuple(i for i, n in enumerate(shape) if i < extra or (a.shape[i - extra] == 1 and n != 1))
    kept = tuple(n for i, n in enumerate(shape) if i not in new)
    return Expand(shape, new)(a if a.shape == kept else Reshape(kept)(a))


def cast_to(a: Any, dtype: Any) -> Any:
    """`a` at another dtype; a complex number met by a real argument gives its real part."""
    if a.dtype == dtype:
        return a
    return Cast(np.dtype(dtype))(a)


def fit(a: Any, like: Any, *, stretch: bool = False) -> Any:
    """`a` with the shape and dtype of `like`: a cotangent as its argument is, or a tangent as its answer is."""
    kind = type_of(like.answer if type(like) is History else like)
    if type(a) is not Node and type(a) not in (np.ndarray, np.generic):
        a = np.asarray(a)[()]
    fitted = cast_to((stretch_to if stretch else sum_to)(strong(a), kind.shape), kind.dtype)
    if kind.weak:
        return weak(fitted)
    return fitted[()] if type(fitted) is ndarray and not kind.shape else fitted


def fits(a: Any, like: Any) -> bool:
    """Whether `fit` has nothing to do: the quick test of the common case. A `Piece` is fitted when it is joined."""
    if type(a) is Node:
        a = a.value
    kind = type(a)
    if type(like) is History:
        like = like.answer
    if kind is ndarray:
        return type(like) in (np.ndarray, Type) and a.shape == like.shape and bool(a.dtype == like.dtype)
    if kind is Type:
        return bool(a == type_of(like))
    return kind is type(like) or kind is Piece


def plain(a: Any) -> Any:
    """The value that an entry of a history holds, for a sweep that nobody watches."""
    return a.value if type(a) is Node else a


def settle(answer: Any, description: str = "the answer") -> Any:
    """What a transform hands back for one output: a number, unless a call still running may ask how it was made."""
    if type(answer) is not Node or running(answer.history.calls):
        return answer
    if unknown(answer.value):
        raise EscapedNode(
            f"A traced value of a call that has ended is part of {description}. It was kept, in a list or a variable, "
            "beyond its call, and has no number. Return it from the function, or pass what you need as an argument."
        )
    return answer.value


def fresh(answer: Any, seen: set[int]) -> Any:
    """`answer`, copied unless it is an array of its own, writeable and not yet in `seen`, to which it is added."""
    if type(answer) is not ndarray:
        return answer
    if not answer.ndim:
        return answer[()]
    number = id(answer)
    if answer.base is not None or number in seen or not answer.flags.writeable:
        answer = answer.copy()
        number = id(answer)
    seen.add(number)
    return answer
