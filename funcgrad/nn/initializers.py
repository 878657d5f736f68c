"""Initializers, under JAX's names: each returns init(key, shape, dtype), which draws the weights of a layer.

The fans of a shape are its last axis but one (what comes in) and its last (what goes out), each times the product of
the axes before them, which are the window of a convolution; other axes can be named, several for each.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from funcgrad import random
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse

#: init : key × shape × dtype → array.
Initializer = Callable[..., Any]
#: The standard deviation of a standard normal number cut to [-2, 2].
CUT = 0.87962566103423978


def constant(value: Any, dtype: Any = float) -> Initializer:
    """A value everywhere.

    >>> constant(2.0)(None, (2,)).tolist()
    [2.0, 2.0]
    """
    return lambda key, shape, dtype=dtype: np.full(shape, value, dtype)


def zeros(key: Any, shape: Any, dtype: Any = float) -> Any:
    """0 everywhere: itself an initializer.

    >>> zeros(None, (2,)).tolist()
    [0.0, 0.0]
    """
    return np.zeros(shape, dtype)


def ones(key: Any, shape: Any, dtype: Any = float) -> Any:
    """1 everywhere: itself an initializer.

    >>> ones(None, (2,)).tolist()
    [1.0, 1.0]
    """
    return np.ones(shape, dtype)


def scaled(scale: Any, drawn: Any) -> Any:
    """What was drawn, times a number."""
    return drawn * np.asarray(scale, drawn.dtype)[()]


def normal(stddev: Any = 1e-2, dtype: Any = float) -> Initializer:
    """Normal numbers of mean 0.

    >>> from funcgrad import random
    >>> normal(1.0)(random.key(0), (2,)).round(4).tolist()
    [-2.2719, -0.7013]
    """
    return lambda key, shape, dtype=dtype: scaled(stddev, random.normal(key, shape, dtype))


def uniform(scale: Any = 1e-2, dtype: Any = float) -> Initializer:
    """Numbers between 0 and `scale`.

    >>> from funcgrad import random
    >>> uniform(1.0)(random.key(0), (2,)).round(4).tolist()
    [0.0115, 0.2415]
    """
    return lambda key, shape, dtype=dtype: random.uniform(key, shape, dtype, 0.0, scale)


def truncated_normal(stddev: Any = 1e-2, dtype: Any = float, lower: Any = -2.0, upper: Any = 2.0) -> Initializer:
    """Normal numbers cut to [lower, upper], then times `stddev`.

    >>> from funcgrad import random
    >>> bool(abs(truncated_normal(1.0)(random.key(0), (99,))).max() < 2)
    True
    """
    return lambda key, shape, dtype=dtype: scaled(stddev, random.truncated_normal(key, lower, upper, shape, dtype))


#: One axis or several.
Axes = int | Sequence[int]


def counted(shape: Any, axes: Axes) -> int:
    """How many numbers some axes have."""
    return prod([shape[axis] for axis in ((axes,) if isinstance(axes, int) else axes)])


def fans(shape: Any, in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = ()) -> tuple[int, int]:
    """How many numbers one output is made of, and how many outputs one input goes to."""
    if len(shape) < 2:
        refuse(
            BadArgument,
            f"nn.initializers was given the shape {tuple(shape)}. What comes in and what goes out are two axes.",
            "Use initializers.normal or zeros for a vector.",
        )
    into, out, batch = counted(shape, in_axis), counted(shape, out_axis), counted(shape, batch_axis)
    window = prod(shape) // max(1, into * out * batch)
    return into * window, out * window


def variance_scaling(
    scale: Any,
    mode: str,
    distribution: str,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = float,
) -> Initializer:
    """Numbers of mean 0 and variance scale / n, n a fan: "fan_in", "fan_out" or "fan_avg", their mean.

    Axes that are batches count for neither. The distribution is "normal", "uniform", or "truncated_normal", which is
    cut at two standard deviations.

    >>> from funcgrad import random
    >>> init = variance_scaling(1.0, "fan_in", "uniform")
    >>> bool(abs(init(random.key(0), (3, 100))).max() <= 1)          # √(3 · 1/3)
    True
    """
    if mode not in ("fan_in", "fan_out", "fan_avg") or distribution not in ("normal", "uniform", "truncated_normal"):
        refuse(
            BadArgument,
            f"nn.initializers.variance_scaling was given {mode!r} and {distribution!r}. The mode is 'fan_in', "
            "'fan_out' or 'fan_avg', the distribution 'normal', 'uniform' or 'truncated_normal'.",
            "Write variance_scaling(2.0, 'fan_in', 'normal').",
        )
    default = dtype

    def init(key: Any, shape: Any, dtype: Any = default) -> Any:
        fan_in, fan_out = fans(shape, in_axis, out_axis, batch_axis)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        stddev = (scale / max(1, fan)) ** 0.5
        if distribution == "normal":
            return scaled(stddev, random.normal(key, shape, dtype))
        if distribution == "uniform":
            return scaled(stddev * 3**0.5, random.uniform(key, shape, dtype, -1.0, 1.0))
        return scaled(stddev / CUT, random.truncated_normal(key, -2.0, 2.0, shape, dtype))

    return init


def glorot_normal(in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = float) -> Initializer:
    """Variance 2 / (in + out), cut at two standard deviations. Glorot and Bengio (AISTATS 2010).

    >>> from funcgrad import random
    >>> float(glorot_normal()(random.key(0), (100, 300)).var().round(3))      # 2 / 400
    0.005
    """
    return variance_scaling(1.0, "fan_avg", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


def glorot_uniform(in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = float) -> Initializer:
    """Between ±√(6 / (in + out)). Glorot and Bengio (AISTATS 2010), equation 16.

    >>> from funcgrad import random
    >>> bool(abs(glorot_uniform()(random.key(0), (2, 4))).max() <= 1)         # √(6 / 6)
    True
    """
    return variance_scaling(1.0, "fan_avg", "uniform", in_axis, out_axis, batch_axis, dtype)


def he_normal(in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = float) -> Initializer:
    """Variance 2 / in, for layers before a rectifier. He, Zhang, Ren and Sun (ICCV 2015), equation 10.

    >>> from funcgrad import random
    >>> float(he_normal()(random.key(0), (100, 300)).var().round(3))          # 2 / 100
    0.02
    """
    return variance_scaling(2.0, "fan_in", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


def he_uniform(in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = float) -> Initializer:
    """Between ±√(6 / in). He, Zhang, Ren and Sun (ICCV 2015).

    >>> from funcgrad import random
    >>> bool(abs(he_uniform()(random.key(0), (6, 4))).max() <= 1)
    True
    """
    return variance_scaling(2.0, "fan_in", "uniform", in_axis, out_axis, batch_axis, dtype)


#: Glorot's and He's, by their first names.
xavier_normal, xavier_uniform, kaiming_normal, kaiming_uniform = glorot_normal, glorot_uniform, he_normal, he_uniform


def lecun_normal(in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = float) -> Initializer:
    """Variance 1 / in. LeCun, Bottou, Orr and Müller, *Efficient BackProp* (1998), section 4.6.

    >>> from funcgrad import random
    >>> float(lecun_normal()(random.key(0), (100, 300)).var().round(3))
    0.01
    """
    return variance_scaling(1.0, "fan_in", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


def lecun_uniform(in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = float) -> Initializer:
    """Between ±√(3 / in). LeCun, Bottou, Orr and Müller, *Efficient BackProp* (1998).

    >>> from funcgrad import random
    >>> bool(abs(lecun_uniform()(random.key(0), (3, 4))).max() <= 1)
    True
    """
    return variance_scaling(1.0, "fan_in", "uniform", in_axis, out_axis, batch_axis, dtype)


def orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: Any = float) -> Initializer:
    """A matrix with orthonormal columns, or rows where these are fewer, drawn evenly. Saxe et al. (ICLR 2014).

    It is Q of a normal matrix, with the signs that make R's diagonal positive: Mezzadri, *How to generate random
    matrices from the classical compact groups*, Notices of the AMS 54 (2007). Axes but `column_axis` count as one.

    >>> import numpy as np
    >>> from funcgrad import random
    >>> q = orthogonal()(random.key(0), (3, 2))
    >>> bool(np.allclose(q.T @ q, np.eye(2)))
    True
    """
    default = dtype

    def init(key: Any, shape: Any, dtype: Any = default) -> Any:
        columns = shape[column_axis]
        rows = prod(shape) // max(1, columns)
        normal = random.normal(key, (max(rows, columns), min(rows, columns)), dtype)
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diagonal(r) < 0, -1, 1).astype(q.dtype)
        q = q if rows >= columns else q.T
        others = np.delete(np.asarray(shape), column_axis).tolist()
        return scaled(scale, np.moveaxis(q.reshape(*others, columns), -1, column_axis))

    return init
