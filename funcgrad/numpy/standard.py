"""What the array API standard has beyond NumPy: sorting downwards.

*Python array API standard*, 2024.12, “Sorting functions”.
"""

from typing import Any

import numpy as np


def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: bool = False
) -> Any:
    """np.sort, downwards too.

    >>> from funcgrad import grad
    >>> import funcgrad.numpy as fnp
    >>> grad(lambda x: fnp.sort(x, descending=True)[0])(np.array([1.0, 3.0, 2.0]))
    array([0., 1., 0.])
    """
    ascending = np.sort(a, axis, kind, order, stable=stable)
    return np.flip(ascending, axis) if descending else ascending


def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: bool = False
) -> Any:
    """np.argsort, downwards too: where elements are equal, the first comes first, as in the standard.

    >>> argsort(np.array([1, 3, 2, 3]), descending=True)
    array([1, 3, 2, 0])
    """
    if not descending:
        return np.argsort(a, axis, kind, order, stable=stable)
    from_the_end = np.argsort(np.flip(a, axis), axis, kind, order, stable=True if kind is None else stable)
    return np.shape(a)[axis] - 1 - np.flip(from_the_end, axis)
