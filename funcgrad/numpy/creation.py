"""What makes arrays, where NumPy cannot dispatch on a traced value by itself."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.graph.node import Node
from funcgrad.graph.protocols import unsupported
from funcgrad.numpy import describing, indexing, padding


def traced(a: Any) -> bool:
    """Whether a value is a node, or a list or tuple that contains one at any depth."""
    return type(a) is Node or (type(a) in (list, tuple) and any([traced(item) for item in a]))


def stacked(a: Any) -> Any:
    """A nest of lists as one array."""
    if type(a) is Node or not traced(a):
        return a if type(a) is Node else np.asarray(a)
    return np.stack([stacked(item) for item in a])


def array(object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", ndmin: int = 0, **options: Any) -> Any:
    """np.array, of traced values too: a nest of lists becomes one array through which derivatives flow.

    >>> from funcgrad import jacobian
    >>> import funcgrad.numpy as fnp
    >>> jacobian(lambda x: fnp.array([x, [1.0, 2.0]])[0])(np.array([3.0, 4.0]))
    array([[1., 0.],
           [0., 1.]])
    """
    if not traced(object):
        return np.array(object, dtype, copy=copy, order=order, ndmin=ndmin, **options)
    for option in options:
        unsupported("array", option)
    answer = stacked(object)
    if dtype is not None:
        answer = np.astype(answer, np.dtype(dtype))
    return answer.reshape((1,) * (ndmin - answer.ndim) + answer.shape) if ndmin > answer.ndim else answer


def asarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    device: Any = None,
    copy: Any = None,
    **options: Any,
) -> Any:
    """np.asarray; a traced value, which cannot change and is never copied, is returned at `dtype` if one is given."""
    if not traced(a):
        return np.asarray(a, dtype, order, device=device, copy=copy, **options)
    np.empty(0, device=device)  # raises NumPy's error for any but its own
    return array(a, dtype, **options)


def asanyarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """np.asanyarray; a traced value is returned as it is, at `dtype` if one is given."""
    return asarray(a, dtype, order, **options) if traced(a) else np.asanyarray(a, dtype, order, **options)


def ascontiguousarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """np.ascontiguousarray: an array of one axis or more. A traced value has no layout."""
    return np.atleast_1d(asarray(a, dtype, **options)) if traced(a) else np.ascontiguousarray(a, dtype, **options)


def asfortranarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """np.asfortranarray: an array of one axis or more. A traced value has no layout."""
    return np.atleast_1d(asarray(a, dtype, **options)) if traced(a) else np.asfortranarray(a, dtype, **options)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **options: Any) -> Any:
    """np.full, with a traced fill value too.

    >>> from funcgrad import grad
    >>> import funcgrad.numpy as fnp
    >>> grad(lambda x: np.sum(fnp.full((2, 3), x)))(1.0)
    6.0
    """
    if not traced(fill_value):
        return np.full(shape, fill_value, dtype, order, **options)
    for option in options:
        unsupported("full", option)
    filled = np.broadcast_to(stacked(fill_value), shape)
    return filled if dtype is None else np.astype(filled, np.dtype(dtype))


# ---- joined by index -------------------------------------------------------------------------------------------------
@frozen
class Joiner:
    """np.r_ or np.c_: what stands between the brackets, joined along an axis."""

    #: NumPy's own.
    plain: Any
    #: How a part of less than two axes is made to fit.
    fitting: Callable[[Any], Any]
    #: The axis along which the parts are joined.
    axis: int

    def __getitem__(self, key: Any) -> Any:
        parts = key if type(key) is tuple else (key,)
        if not traced(parts):
            return self.plain[key]
        if any([type(part) is str for part in parts]):
            unsupported("r_", "a directive")
        fitted = [self.fitting(np.r_[part] if type(part) is slice else asarray(part)) for part in parts]
        return np.concatenate(fitted, self.axis)


def as_columns(a: Any) -> Any:
    """An array of at least two axes: one of a single axis as a column."""
    a = np.atleast_1d(a)
    return a[:, None] if a.ndim == 1 else a


r_ = Joiner(np.r_, np.atleast_1d, 0)
c_ = Joiner(np.c_, as_columns, -1)


# ---- by NumPy's names, with a wider reach ----------------------------------------------------------------------------
def reaching(function: Callable[..., Any], meaning: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's `function`, by its `meaning` on traced values if any argument, and not only the first, is traced."""

    def called(*args: Any, **options: Any) -> Any:
        return (meaning if traced((*args, *options.values())) else function)(*args, **options)

    called.__name__, called.__doc__ = function.__name__, function.__doc__
    return called


full_like = reaching(np.full_like, describing.full_like)
pad = reaching(np.pad, padding.pad)
take = reaching(np.take, indexing.take)
