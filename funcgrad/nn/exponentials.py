"""Softmax and its kin, and what else looks along an axis, under the names of JAX's jax.nn."""

from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.op import admit, strong
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.reducing import axes_of, kept
from funcgrad.primitives.reducing import LogSumExp
from funcgrad.primitives.shaping import Cast
from funcgrad.primitives.stopping import Stop


def floats(x: Any) -> Any:
    """An argument at a dtype of floats."""
    found = strong(admit(x))
    dtype = type_of(found).dtype
    return found if dtype.kind in "fc" else Cast(np.dtype(np.float64))(found)


def logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = None) -> Any:
    """log Σ eᵃ over axes, of the elements that `where` marks.  The derivative is the softmax.

    Weights and signs are in `funcgrad.scipy.special.logsumexp`. Blanchard, Higham and Higham, *Accurately computing
    the log-sum-exp and softmax functions*, IMA Journal of Numerical Analysis 41 (2021).

    >>> import numpy as np
    >>> float(logsumexp(np.array([1e4, 1e4])) - 1e4).__round__(6)      # log 2
    0.693147
    """
    a = floats(a)
    if where is not None:
        a = np.where(where, a, -np.inf)
    axes = axes_of(axis, a.ndim)
    z = LogSumExp(axes)(np.asarray(a) if type(a) is np.generic else a)
    return kept(z, a.shape, axes) if keepdims else z


def softmax(x: Any, axis: Any = -1, where: Any = None) -> Any:
    """eˣ / Σ eˣ over axes; of the elements that `where` marks alone, the others being 0.

    >>> import numpy as np
    >>> softmax(np.array([0.0, np.log(3.0)])).round(12).tolist()
    [0.25, 0.75]
    """
    x = floats(x)
    if where is not None:
        x = np.where(where, x, -np.inf)
    largest = Stop()(np.max(x, axis, keepdims=True))
    if where is not None:  # none may be marked
        largest = np.where(largest == -np.inf, 0, largest)
    e = np.exp(x - largest)
    total = np.sum(e, axis, keepdims=True)
    return e / (total if where is None else np.where(total == 0, 1, total))


def log_softmax(x: Any, axis: Any = -1, where: Any = None) -> Any:
    """x - log Σ eˣ over axes, the logarithm of the softmax; -∞ where `where` marks nothing.

    >>> import numpy as np
    >>> log_softmax(np.array([1e4, 0.0])).tolist()
    [0.0, -10000.0]
    """
    x = floats(x)
    if where is not None:
        x = np.where(where, x, -np.inf)
    return x - logsumexp(x, axis, keepdims=True)


def standardize(
    x: Any, axis: Any = -1, mean: Any = None, variance: Any = None, epsilon: Any = 1e-5, where: Any = None
) -> Any:
    """(x - mean) / √(variance + ε), with the mean and the variance over axes if they are not given.

    >>> import numpy as np
    >>> standardize(np.array([1.0, 3.0]), epsilon=0.0).tolist()
    [-1.0, 1.0]
    """
    x = floats(x)
    marked: dict[str, Any] = {} if where is None else {"where": where}
    if mean is None:
        mean = np.mean(x, axis, keepdims=True, **marked)
    centred = x - mean
    if variance is None:
        variance = np.mean(np.square(centred), axis, keepdims=True, **marked)
    return centred * (1 / np.sqrt(variance + epsilon))


def one_hot(x: Any, num_classes: int, *, dtype: Any = float, axis: int = -1) -> Any:
    """1 at the place that an integer names along a new axis, else 0; nothing but 0 for an integer out of range.

    >>> import numpy as np
    >>> one_hot(np.array([1, 0]), 3).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    x = strong(admit(x))
    if type_of(x).dtype.kind not in "iu":
        refuse(
            BadArgument,
            f"nn.one_hot was given {type_of(x)!r}. Classes are numbered by integers.",
            "Convert them with astype(int).",
        )
    hot = x.reshape(*x.shape, 1) == np.arange(num_classes)
    found = Cast(np.dtype(dtype))(hot)
    return found if axis == -1 else np.moveaxis(found, -1, axis)
