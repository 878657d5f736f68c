"""Activations, under the names of JAX's jax.nn: functions element by element, finite with their slopes at any float."""

from typing import Any

import numpy as np

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.op import admit, strong
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.primitives.activating import capped, logistic, normal_distribution, rectified

#: Of self-normalising networks: Klambauer et al. (2017), equation 14.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def operand(name: str, x: Any) -> Any:
    """An argument as an array or NumPy's number, which must be real."""
    found = strong(admit(x))
    if type_of(found).dtype.kind == "c":
        refuse(
            UnsupportedFunction,
            f"nn.{name} was given complex numbers. It compares its argument with numbers.",
            "Apply it to np.real(x) and np.imag(x).",
        )
    return found


def identity(x: Any) -> Any:
    """x.

    >>> identity(2.0)
    2.0
    """
    return x


def relu(x: Any) -> Any:
    """max(x, 0), the rectifier. Its slope at 0 is 0. Nair and Hinton, *Rectified linear units* (ICML 2010).

    >>> import numpy as np
    >>> relu(np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return rectified(operand("relu", x), 0)


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6), with the slope 0 at 0 and at 6. Krizhevsky, *Convolutional deep belief networks* (2010).

    >>> import numpy as np
    >>> relu6(np.array([-1.0, 2.0, 9.0])).tolist()
    [0.0, 2.0, 6.0]
    """
    return capped(rectified(operand("relu6", x), 0), 6)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ), the logistic function, right relative to its size also where x is far below 0.

    >>> float(sigmoid(0.0)), float(sigmoid(-1e4))
    (0.5, 0.0)
    """
    return logistic(strong(admit(x)))


def softplus(x: Any) -> Any:
    """log(1 + eˣ). Dugas et al., *Incorporating second-order functional knowledge* (NIPS 2000).

    >>> float(softplus(1e4)), round(float(softplus(0.0)), 6)
    (10000.0, 0.693147)
    """
    return np.logaddexp(operand("softplus", x), 0)


def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + e⁻ˣ)) = -softplus(-x).

    >>> float(log_sigmoid(-1e4))
    -10000.0
    """
    return -softplus(-operand("log_sigmoid", x))


def soft_sign(x: Any) -> Any:
    """x / (1 + |x|). Bergstra et al., *Quadratic polynomials learn better image features* (2009).

    >>> float(soft_sign(-3.0))
    -0.75
    """
    x = operand("soft_sign", x)
    return x / (1 + np.abs(x))


def silu(x: Any) -> Any:
    """x / (1 + e⁻ˣ), also called swish. Hendrycks and Gimpel (2016); Ramachandran, Zoph and Le (2017).

    >>> round(float(silu(1.0)), 6)
    0.731059
    """
    x = operand("silu", x)
    return x * logistic(x)


swish = silu


def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """x where x ≥ 0, else x times a slope. Maas, Hannun and Ng, *Rectifier nonlinearities* (2013).

    >>> leaky_relu(-2.0, 0.25).item()
    -0.5
    """
    x = operand("leaky_relu", x)
    return np.where(x >= 0, x, negative_slope * x)[()]


def hard_sigmoid(x: Any) -> Any:
    """min(max(x + 3, 0), 6) / 6, in place of the logistic function. Courbariaux et al., *BinaryConnect* (2015).

    >>> float(hard_sigmoid(0.0)), float(hard_sigmoid(3.0))
    (0.5, 1.0)
    """
    return relu6(operand("hard_sigmoid", x) + 3) / 6


def hard_silu(x: Any) -> Any:
    """x min(max(x + 3, 0), 6) / 6, also called hard swish. Howard et al., *Searching for MobileNetV3* (2019).

    >>> float(hard_silu(3.0))
    3.0
    """
    x = operand("hard_silu", x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def hard_tanh(x: Any) -> Any:
    """x cut to [-1, 1]; its slope at ±1 is 1. Collobert, *Large scale machine learning* (2004).

    >>> float(hard_tanh(-3.0))
    -1.0
    """
    x = operand("hard_tanh", x)
    return np.where(x > 1, 1, np.where(x < -1, -1, x))[()]


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """x where x > 0, else α (eˣ - 1). Clevert, Unterthiner and Hochreiter (2016).

    >>> round(float(elu(-1.0)), 6)
    -0.632121
    """
    x = operand("elu", x)
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x)))[()]


def celu(x: Any, alpha: Any = 1.0) -> Any:
    """x where x > 0, else α (eˣᐟᵅ - 1), whose slope at 0 is 1 for every α. Barron (2017).

    >>> round(float(celu(-1.0, 2.0)), 6)
    -0.786939
    """
    x = operand("celu", x)
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x) / alpha))[()]


def selu(x: Any) -> Any:
    """λ elu(x, α) with the constants under which layers keep mean 0 and variance 1. Klambauer et al. (2017).

    >>> round(float(selu(1.0)), 6)
    1.050701
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


def gelu(x: Any, approximate: bool = True) -> Any:
    """x Φ(x), Φ the normal distribution function; as JAX has it, by default ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Hendrycks and Gimpel, *Gaussian error linear units* (2016).

    >>> round(float(gelu(1.0, approximate=False)), 6), round(float(gelu(1.0)), 6)
    (0.841345, 0.841192)
    """
    x = operand("gelu", x)
    if not approximate:
        return x * normal_distribution(x)
    # ½ (1 + tanh u) is the logistic function of 2u, which loses no digits where u is negative.
    return x * logistic((8 / np.pi) ** 0.5 * x * (1 + 0.044715 * (x * x)))


def glu(x: Any, axis: int = -1) -> Any:
    """a / (1 + e⁻ᵇ) of the two halves a and b of an axis. Dauphin et al., *Gated convolutional networks* (2017).

    >>> import numpy as np
    >>> glu(np.array([4.0, 0.0])).tolist()
    [2.0]
    """
    x = operand("glu", x)
    a, b = np.split(x, 2, axis)
    return a * logistic(b)


def squareplus(x: Any, b: Any = 4.0) -> Any:
    """(x + √(x² + b)) / 2, and where x is negative b/2 / (√(x² + b) - x), which is the same. Barron (2021).

    >>> float(squareplus(0.0)), float(squareplus(-1e4))
    (1.0, 9.99999990000...e-05)
    """
    x = operand("squareplus", x)
    rising = x >= 0
    total = np.where(rising, x, -x) + np.hypot(x, b**0.5)
    return np.where(rising, total / 2, b / (2 * total))[()]


def mish(x: Any) -> Any:
    """x tanh(softplus(x)). Misra (2019).

    >>> round(float(mish(1.0)), 6)
    0.865098
    """
    x = operand("mish", x)
    return x * np.tanh(softplus(x))


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, between -1 and 1: np.tanh.

    >>> float(tanh(0.5).round(4))
    0.4621
    """
    return np.tanh(strong(admit(x)))


def sparse_plus(x: Any) -> Any:
    """0 up to -1, then (x + 1)² / 4, and x from 1 on. Its slope is `sparse_sigmoid`.

    >>> import numpy as np
    >>> sparse_plus(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.25, 3.0]
    """
    x = operand("sparse_plus", x)
    return np.where(x >= 1, x, (np.clip(x, -1, 1) + 1) ** 2 / 4)


def sparse_sigmoid(x: Any) -> Any:
    """0 up to -1, then (x + 1) / 2, and 1 from 1 on.

    >>> import numpy as np
    >>> sparse_sigmoid(np.array([-2.0, 0.5, 3.0])).tolist()
    [0.0, 0.75, 1.0]
    """
    return np.clip(operand("sparse_sigmoid", x) + 1, 0, 2) / 2
