"""Optimisers: chains of transformations under the names that their papers gave them.

Each takes a learning rate α, a number or a schedule, and is a chain whose last part makes the step -α · direction.
"""

from typing import Any

from funcgrad.optim.limiting import add_decayed_weights
from funcgrad.optim.protocol import GradientTransformationExtraArgs, chain, identity
from funcgrad.optim.scaling import (
    scale_by_adam,
    scale_by_learning_rate,
    scale_by_rms,
    scale_by_rss,
    scale_by_stddev,
    trace,
)


def sgd(
    learning_rate: Any, momentum: Any = None, nesterov: bool = False, accumulator_dtype: Any = None
) -> GradientTransformationExtraArgs:
    """Gradient descent: θ ← θ - αg; with momentum μ, v ← g + μv and θ ← θ - αv, or Nesterov's θ ← θ - α(g + μv).

    >>> from funcgrad import optim
    >>> descent = sgd(0.1)
    >>> updates, state = descent.update(4.0, descent.init(2.0))   # x² at 2 has slope 4
    >>> optim.apply_updates(2.0, updates)
    1.6

    Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013.
    """
    first = identity() if momentum is None else trace(momentum, nesterov, accumulator_dtype)
    return chain(first, scale_by_learning_rate(learning_rate))


def adam(
    learning_rate: Any,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Adam: θ ← θ - α m̂/(√(v̂ + eps_root) + ε), with the moments of `scale_by_adam`.

    >>> steady = adam(0.1, eps=0.0)
    >>> float(steady.update(4.0, steady.init(2.0))[0])   # the first step is α long, whatever the slope
    -0.1

    Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov), scale_by_learning_rate(learning_rate)
    )


def adamw(
    learning_rate: Any,
    b1: Any = 0.9,
    b2: Any = 0.999,
    eps: Any = 1e-8,
    eps_root: Any = 0.0,
    mu_dtype: Any = None,
    weight_decay: Any = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformationExtraArgs:
    """Adam with decoupled weight decay λ: θ ← θ - α(m̂/(√(v̂ + eps_root) + ε) + λθ).

    λ is multiplied with α, as in optax and PyTorch; the paper multiplies it with the schedule alone. `mask` says which
    leaves decay (see `masked`).

    >>> decayed = adamw(0.1, eps=0.0, weight_decay=0.5)
    >>> float(decayed.update(4.0, decayed.init(2.0), 2.0)[0])   # -0.1·(1 + 0.5·2)
    -0.2

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def adagrad(
    learning_rate: Any, initial_accumulator_value: Any = 0.1, eps: Any = 1e-7
) -> GradientTransformationExtraArgs:
    """AdaGrad: s ← s + g², θ ← θ - αg/√(s + ε), where s begins at `initial_accumulator_value`.

    >>> rare = adagrad(0.5, 0.0, 0.0)
    >>> float(rare.update(4.0, rare.init(2.0))[0])
    -0.5

    Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12 (2011) 2121–2159.
    """
    return chain(scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate))


def rmsprop(
    learning_rate: Any,
    decay: Any = 0.9,
    eps: Any = 1e-8,
    initial_scale: Any = 0.0,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: Any = None,
    nesterov: bool = False,
    bias_correction: bool = False,
) -> GradientTransformationExtraArgs:
    """RMSProp: v ← decay·v + (1 - decay)g², θ ← θ - αg/√(v + ε); centred, with the variance in v's place.

    With momentum μ the step itself is accumulated: Δ ← -αg/√(v + ε) + μΔ, θ ← θ + Δ.

    >>> even = rmsprop(0.5, decay=0.75, eps=0.0)
    >>> float(even.update(4.0, even.init(2.0))[0])   # -0.5·4/√(16/4)
    -1.0

    Source: T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012; A. Graves,
    "Generating sequences with recurrent neural networks" (2013), equations 38–45, for the centred one.
    """
    scaled = scale_by_stddev if centered else scale_by_rms
    return chain(
        scaled(decay, eps, initial_scale, eps_in_sqrt, bias_correction),
        scale_by_learning_rate(learning_rate),
        identity() if momentum is None else trace(momentum, nesterov),
    )
