"""scipy.linalg's matrices made of fewer numbers."""

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad.numpy.contracting import operands
from funcgrad.scipy.mirroring import mirrors


@mirrors(scipy.linalg.block_diag)
def block_diag(*arrs: Any) -> Any:
    """A matrix with the given ones along its diagonal, and zeros elsewhere; a vector is one row.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda a: np.sum(block_diag(a, np.eye(2)) ** 2))(np.array([3.0, 4.0]))
    array([6., 8.])
    """
    blocks = [np.atleast_2d(a) for a in operands(*arrs)]
    stack = np.broadcast_shapes(*[a.shape[:-2] for a in blocks])
    columns, before, rows = sum([a.shape[-1] for a in blocks]), 0, []
    for a in blocks:
        m, n = a.shape[-2:]
        a = np.broadcast_to(a, (*stack, m, n))
        left, right = (np.zeros((*stack, m, width), a.dtype) for width in (before, columns - before - n))
        rows.append(np.concatenate([left, a, right], axis=-1))
        before += n
    return np.concatenate(rows, axis=-2)


@mirrors(scipy.linalg.toeplitz)
def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix whose first column is c and first row r, but for its first element, constant along diagonals.

    Without r it is the conjugate of c. Axes before the last are a stack.
    """
    (c,) = operands(c)
    (r,) = (np.conjugate(c),) if r is None else operands(r)
    c, r = np.atleast_1d(c), np.atleast_1d(r)
    m, n = c.shape[-1], r.shape[-1]
    stack = np.broadcast_shapes(c.shape[:-1], r.shape[:-1])
    both = [np.broadcast_to(a, (*stack, a.shape[-1])) for a in (r[..., :0:-1], c)]
    return np.concatenate(both, axis=-1)[..., (max(n, 1) - 1) + np.arange(m)[:, None] - np.arange(n)]


@mirrors(scipy.linalg.circulant)
def circulant(c: Any) -> Any:
    """The matrix whose first column is c, each other column the one before it moved down by one."""
    (c,) = operands(c)
    c = np.atleast_1d(c)
    n = c.shape[-1]
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)]


@mirrors(scipy.linalg.hankel)
def hankel(c: Any, r: Any = None) -> Any:
    """The matrix whose first column is c and last row r, but for its first element, constant along antidiagonals."""
    (c,) = operands(c)
    (r,) = (np.zeros(c.shape, c.dtype),) if r is None else operands(r)
    c, r = np.ravel(c), np.ravel(r)
    return np.concatenate([c, r[1:]])[np.arange(c.shape[0])[:, None] + np.arange(r.shape[0])]
