"""Normalisation: to mean 0 and variance 1, over features, over a batch, over groups of channels."""

from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.nn.exponentials import standardize
from funcgrad.nn.layer import Layer, Shape, known, pure, stateful


def affine_of(features: int, use_scale: bool, use_bias: bool, dtype: Any) -> dict[str, Any]:
    """New parameters: scales 1 and biases 0."""
    scale = {"scale": np.ones(features, dtype)} if use_scale else {}
    return {**scale, **({"bias": np.zeros(features, dtype)} if use_bias else {})}


def affinely(params: Any, y: Any) -> Any:
    """y scale + bias, of what there is of them."""
    y = y * params["scale"] if "scale" in params else y
    return y + params["bias"] if "bias" in params else y


def layer_norm(epsilon: float = 1e-5, use_scale: bool = True, use_bias: bool = True, dtype: Any = float) -> Layer:
    """(x - mean) / √(variance + ε) · scale + bias, over the last axis.

    Ba, Kiros and Hinton, *Layer normalization* (2016).

    >>> import numpy as np
    >>> layer_norm(0.0).apply({}, np.array([1.0, 3.0])).tolist()
    [-1.0, 1.0]
    """

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        return input_shape, affine_of(known("layer_norm", input_shape), use_scale, use_bias, dtype)

    return pure(init, lambda params, x: affinely(params, standardize(x, -1, epsilon=epsilon)))


def group_norm(
    num_groups: int, epsilon: float = 1e-5, use_scale: bool = True, use_bias: bool = True, dtype: Any = float
) -> Layer:
    """As layer norm, over all axes but the first and over each of `num_groups` groups of the last axis.

    Wu and He, *Group normalization* (ECCV 2018). One group is layer norm over all axes, as many as channels
    are instance norm.

    >>> import numpy as np
    >>> group_norm(2, 0.0).apply({}, np.array([[1.0, 3.0, 5.0, 9.0]])).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        features = known("group_norm", input_shape)
        if features % num_groups:
            refuse(
                BadArgument,
                f"nn.group_norm was given {features} channels in {num_groups} groups. Groups are of one size.",
                "Choose a number of groups that divides the channels.",
            )
        return input_shape, affine_of(features, use_scale, use_bias, dtype)

    def apply(params: Any, x: Any) -> Any:
        grouped = x.reshape(*x.shape[:-1], num_groups, x.shape[-1] // num_groups)
        axes = (*range(1, x.ndim - 1), x.ndim)
        return affinely(params, standardize(grouped, axes, epsilon=epsilon).reshape(x.shape))

    return pure(init, apply)


def batch_norm(
    momentum: float = 0.99,
    epsilon: float = 1e-5,
    use_scale: bool = True,
    use_bias: bool = True,
    dtype: Any = float,
) -> Layer:
    """(x - mean) / √(variance + ε) · scale + bias, over all axes but the last. Ioffe and Szegedy (ICML 2015).

    In training mean and variance are the batch's, and the new state m s + (1 - m) t, m the momentum, s the old state
    and t the batch's statistic (the variance is Σ(x - mean)²/n). Otherwise they are the state's, to begin with
    {"mean": 0, "var": 1}.

    >>> import numpy as np
    >>> from funcgrad import random
    >>> layer, x = batch_norm(momentum=0.5, epsilon=0.0), np.array([[1.0], [3.0]])
    >>> _, params, state = layer.init_with_state(random.key(0), (-1, 1))
    >>> y, state = layer.apply(params, x, training=True, state=state)
    >>> y.ravel().tolist(), state["mean"].tolist(), layer.apply(params, x, state=state)[0].ravel().tolist()
    ([-1.0, 1.0], [1.0], [0.0, 2.0])
    """

    def start(key: Any, input_shape: Shape) -> tuple[Shape, Any, Any]:
        features = known("batch_norm", input_shape)
        state = {"mean": np.zeros(features, dtype), "var": np.ones(features, dtype)}
        return input_shape, affine_of(features, use_scale, use_bias, dtype), state

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        if training:
            axes = tuple(range(x.ndim - 1))
            mean = np.mean(x, axes)
            centred = x - mean
            variance = np.mean(np.square(centred), axes)
        elif state is None:
            refuse(
                BadArgument,
                "nn.batch_norm was applied without its state. Outside of training it normalises by running statistics.",
                "Write y, state = layer.apply(params, x, state=state), or training=True for the batch's own.",
            )
        else:
            mean, variance = state["mean"], state["var"]
            centred = x - mean
        y = affinely(params, centred * (1 / np.sqrt(variance + epsilon)))
        if state is None or not training:
            return y if state is None else (y, state)
        found = {"mean": mean, "var": variance}
        return y, {name: momentum * state[name] + (1 - momentum) * found[name] for name in found}

    return stateful(start, apply)
