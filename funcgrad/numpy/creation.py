"""What makes arrays, where NumPy cannot dispatch on a traced value by itself."""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.graph.node import Node
from funcgrad.graph.protocols import unsupported
from funcgrad.numpy import describing, indexing, shaping


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


def asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """np.asarray; a traced value is returned as it is."""
    return array(a, dtype) if traced(a) and not options else np.asarray(a, dtype, order, **options)


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


def reaching(function: Callable[..., Any], meaning: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's `function`, by its `meaning` on traced values if any argument, and not only the first, is traced."""

    def called(*args: Any, **options: Any) -> Any:
        return (meaning if traced((*args, *options.values())) else function)(*args, **options)

    called.__name__, called.__doc__ = function.__name__, function.__doc__
    return called


full_like = reaching(np.full_like, describing.full_like)
pad = reaching(np.pad, shaping.pad)
take = reaching(np.take, indexing.take)
