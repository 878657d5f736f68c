"""Layers of one matrix, one table, or none: dense, embedding, dropout."""

from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.nn.initializers import Initializer, lecun_normal, normal, zeros
from funcgrad.nn.layer import Layer, Shape, keys_for, known, pure
from funcgrad.random import bernoulli


def dense(
    features: int,
    use_bias: bool = True,
    kernel_init: Initializer | None = None,
    bias_init: Initializer = zeros,
    dtype: Any = float,
) -> Layer:
    """y = x W + b over the last axis: parameters {"kernel": W, "bias": b}, drawn by LeCun's normal rule and 0.

    >>> import numpy as np
    >>> layer = dense(2)
    >>> layer.apply({"kernel": np.eye(2), "bias": np.ones(2)}, np.array([3.0, 4.0])).tolist()
    [4.0, 5.0]
    """
    draw = lecun_normal() if kernel_init is None else kernel_init

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        one, other = keys_for(key, 2)
        params = {"kernel": draw(one, (known("dense", input_shape), features), dtype)}
        if use_bias:
            params["bias"] = bias_init(other, (features,), dtype)
        return (*input_shape[:-1], features), params

    def affine(params: Any, x: Any) -> Any:
        z = x @ params["kernel"]
        return z + params["bias"] if use_bias else z

    return pure(init, affine)


linear = dense


def embedding(
    num_embeddings: int, features: int, embedding_init: Initializer | None = None, dtype: Any = float
) -> Layer:
    """Row i of a table for each integer i: parameters {"embedding": table}, normal of variance 1 / features.

    >>> import numpy as np
    >>> embedding(3, 1).apply({"embedding": np.array([[5.0], [6.0], [7.0]])}, np.array([2, 0])).tolist()
    [[7.0], [5.0]]
    """
    draw = normal(max(features, 1) ** -0.5) if embedding_init is None else embedding_init

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        return (*input_shape, features), {"embedding": draw(key, (num_embeddings, features), dtype)}

    return pure(init, lambda params, x: fnp.take(params["embedding"], x, axis=0))


def dropout(rate: float) -> Layer:
    """In training each element with probability `rate` is 0 and else divided by 1 - rate; x itself otherwise.

    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout*, JMLR 15 (2014).

    >>> import numpy as np
    >>> from funcgrad import random
    >>> layer, x = dropout(0.5), np.ones(6)
    >>> layer.apply((), x).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    >>> layer.apply((), x, key=random.key(0), training=True).tolist()
    [2.0, 2.0, 2.0, 0.0, 0.0, 2.0]
    """
    if not 0 <= rate < 1:
        refuse(
            BadArgument,
            f"nn.dropout was given rate={rate!r}. It is the part that is dropped, from 0 up to 1, which is not in it.",
            "Write dropout(0.5).",
        )

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        y = dropped(x, rate, key) if training and rate else x
        return y if state is None else (y, state)

    return Layer(lambda key, input_shape: (input_shape, ()), apply)


def dropped(x: Any, rate: float, key: Any) -> Any:
    """x with a part of its elements 0, and the others so much larger."""
    if key is None:
        refuse(
            BadArgument,
            "nn.dropout was applied in training without a key. What it drops is a function of a key.",
            "Pass key=random.fold_in(key, step) to apply.",
        )
    return np.where(bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)
