"""Losses, one number an example, under optax's names; their means `mse` and `mae`; penalties on parameters.

Take the mean over examples where one number is wanted: np.mean(softmax_cross_entropy(logits, labels)).
"""

from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.op import admit, strong
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.nn.exponentials import floats, log_softmax, logsumexp


def squared_error(predictions: Any, targets: Any = 0.0) -> Any:
    """(p - t)², element by element.

    >>> float(squared_error(3.0, 1.0))
    4.0
    """
    return np.square(predictions - targets)


def mse(predictions: Any, targets: Any) -> Any:
    """The mean of (p - t)² over all elements.

    >>> import numpy as np
    >>> float(mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    return np.mean(squared_error(predictions, targets))


def mae(predictions: Any, targets: Any) -> Any:
    """The mean of |p - t| over all elements.

    >>> import numpy as np
    >>> float(mae(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    return np.mean(np.abs(predictions - targets))


def huber_loss(predictions: Any, targets: Any = 0.0, delta: Any = 1.0) -> Any:
    """e²/2 for an error |e| ≤ δ, else δ (|e| - δ/2). Huber, *Robust estimation of a location parameter* (1964).

    >>> float(huber_loss(0.5)), float(huber_loss(3.0))
    (0.125, 2.5)
    """
    e = predictions - targets
    cut = np.clip(e, -delta, delta)
    return cut * (e - cut / 2)


def softmax_cross_entropy(logits: Any, labels: Any, axis: Any = -1) -> Any:
    """-Σ yⱼ log softmax(x)ⱼ over an axis, for probabilities y.

    >>> import numpy as np
    >>> softmax_cross_entropy(np.zeros(4), np.array([0.0, 1.0, 0.0, 0.0])).round(6)   # log 4
    np.float64(1.386294)
    """
    logs = log_softmax(logits, axis)
    return -np.sum(labels * np.where((labels == 0) & np.isinf(logs), 0, logs), axis)


def softmax_cross_entropy_with_integer_labels(logits: Any, labels: Any) -> Any:
    """-log softmax(x)ₖ over the last axis, for the number k of the right class: log Σ exp(xⱼ - xₖ).

    >>> import numpy as np
    >>> softmax_cross_entropy_with_integer_labels(np.array([[0.0, 0.0], [1e4, 0.0]]), np.array([0, 1])).round(6)
    array([6.93147e-01, 1.00000e+04])
    """
    x, k = floats(logits), strong(admit(labels))
    if type_of(k).dtype.kind not in "iu" or k.shape != x.shape[:-1]:
        refuse(
            BadArgument,
            f"nn.softmax_cross_entropy_with_integer_labels was given labels {type_of(k)!r} for logits {type_of(x)!r}. "
            "A label is the number of a class, one for each row of logits.",
            "Write labels.astype(int), or softmax_cross_entropy(logits, labels) for probabilities.",
        )
    right = np.take_along_axis(x, k.reshape(*k.shape, 1), -1)
    return logsumexp(x - right, -1)


def sigmoid_binary_cross_entropy(logits: Any, labels: Any) -> Any:
    """-y log σ(x) - (1 - y) log σ(-x), element by element, for labels or probabilities y.

    >>> float(sigmoid_binary_cross_entropy(-1e4, 0)), float(sigmoid_binary_cross_entropy(-1e4, 1))
    (0.0, 10000.0)
    """
    x, y = floats(logits), strong(admit(labels))
    if type_of(y).dtype.kind in "biu":
        return np.logaddexp(np.where(y, -x, x), 0)
    return y * np.logaddexp(-x, 0) + (1 - y) * np.logaddexp(x, 0)


def hinge_loss(predictor_outputs: Any, targets: Any) -> Any:
    """max(0, 1 - y x), element by element, for targets y = ±1. Cortes and Vapnik (1995).

    >>> float(hinge_loss(0.25, 1)), float(hinge_loss(0.25, -1))
    (0.75, 1.25)
    """
    return np.maximum(1 - predictor_outputs * targets, 0)


def kl_divergence(log_predictions: Any, targets: Any, axis: Any = -1) -> Any:
    """Σ t (log t - log p) over an axis, where 0 log 0 is 0. Kullback and Leibler (1951).

    >>> import numpy as np
    >>> kl_divergence(np.log(np.array([0.5, 0.5])), np.array([1.0, 0.0])).round(6)   # log 2
    np.float64(0.693147)
    """
    none = targets == 0
    log_targets = np.log(np.where(none, 1, targets))
    return np.sum(np.where(none, 0, targets * (log_targets - log_predictions)), axis)


def l1_penalty(params: Any) -> Any:
    """Σ |w| over all leaves of a tree. Tibshirani, *Regression shrinkage and selection via the lasso* (1996).

    >>> import numpy as np
    >>> float(l1_penalty({"w": np.array([1.0, -2.0]), "b": 3.0}))
    6.0
    """
    return sum([np.sum(np.abs(w)) for w in tree.leaves(params)])


def l2_penalty(params: Any) -> Any:
    """Σ w² over all leaves of a tree, not halved. Hoerl and Kennard, *Ridge regression* (1970).

    >>> import numpy as np
    >>> float(l2_penalty({"w": np.array([1.0, -2.0]), "b": 3.0}))
    14.0
    """
    return sum([np.sum(np.square(w)) for w in tree.leaves(params)])
