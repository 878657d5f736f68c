"""Attention: each query takes the mean of values, weighted by how well their keys match it."""

from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.nn.exponentials import floats, softmax
from funcgrad.nn.initializers import Initializer, glorot_uniform
from funcgrad.nn.layer import Layer, Shape, keys_for, known
from funcgrad.nn.layers import dropped


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: Any = None,
    is_causal: bool = False,
) -> Any:
    """softmax(q kᵀ / √d + bias) v for each head: of arrays (…, steps, heads, d), as jax.nn has it.

    Where `mask` is False, a query does not look: it broadcasts to (…, heads, steps of queries, steps of keys), as
    `bias` does. `is_causal` hides all later steps. A query to which all is hidden takes the mean of all values. Vaswani
    et al., *Attention is all you need* (NIPS 2017), equation 1.

    >>> import numpy as np
    >>> x = np.arange(3.0).reshape(3, 1, 1)                      # three steps, one head
    >>> dot_product_attention(np.zeros((3, 1, 1)), x, x, is_causal=True).ravel().tolist()
    [0.0, 0.5, 1.0]
    """
    q, k, v = floats(query), floats(key), floats(value)
    for name, one in {"query": q, "key": k, "value": v}.items():
        if one.ndim < 3:
            refuse(
                BadArgument,
                f"nn.dot_product_attention was given {type_of(one)!r} as {name}. It takes steps, heads and features as "
                "the last axes.",
                "Write x[:, np.newaxis, :] for one head.",
            )
    return turned(np.matmul(weights(q, k, bias, mask, scale, is_causal), turned(v)))


def turned(a: Any) -> Any:
    """(…, heads, steps, d) of (…, steps, heads, d), and back."""
    return np.swapaxes(a, -3, -2)


def weights(q: Any, k: Any, bias: Any, mask: Any, scale: Any, is_causal: bool) -> Any:
    """How much each query takes of each value: (…, heads, steps of queries, steps of keys)."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    logits = np.matmul(turned(q) * scale, np.swapaxes(turned(k), -1, -2))
    if bias is not None:
        logits = logits + bias
    hidden = float(np.finfo(type_of(logits).dtype).min) / 2  # finite, so that a row that is all hidden has a softmax
    if is_causal:
        logits = np.where(np.tri(*logits.shape[-2:]) > 0, logits, hidden)
    if mask is not None:
        logits = np.where(mask, logits, hidden)
    return softmax(logits)


def multi_head_attention(
    num_heads: int,
    features: int | None = None,
    is_causal: bool = False,
    dropout_rate: float = 0.0,
    use_bias: bool = True,
    kernel_init: Initializer | None = None,
    dtype: Any = float,
) -> Layer:
    """Attention of several heads, each of its own products of queries, keys and values; then one product of all heads.

    The input is x (…, steps, channels), or a tuple (queries, keys and values), or (queries, keys, values). The option
    `mask` of apply is that of `dot_product_attention`. In training a part `dropout_rate` of the weights is dropped.
    Parameters {"query", "key", "value", "out"}, each {"kernel", "bias"}; `features`, by default the channels of x, is
    what all heads have together. Vaswani et al., *Attention is all you need* (NIPS 2017), section 3.2.

    >>> import numpy as np
    >>> from funcgrad import random
    >>> layer = multi_head_attention(2)
    >>> shape, params = layer.init(random.key(0), (-1, 5, 4))
    >>> shape, layer.apply(params, np.ones((3, 5, 4)), mask=np.tri(5, dtype=bool)).shape
    ((-1, 5, 4), (3, 5, 4))
    """
    draw = glorot_uniform() if kernel_init is None else kernel_init

    def init(key: Any, input_shape: Any) -> tuple[Shape, Any]:
        q, k, v = three(input_shape, isinstance(input_shape[0], tuple | list))
        width = known("multi_head_attention", q)
        total = width if features is None else features
        if total % num_heads:
            refuse(
                BadArgument,
                f"nn.multi_head_attention was given {total} features for {num_heads} heads. Each head has as many.",
                "Choose a number of heads that divides the features.",
            )
        widths = {
            "query": (width, total),
            "key": (known("multi_head_attention", k), total),
            "value": (known("multi_head_attention", v), total),
            "out": (total, width),
        }
        params = {}
        for (name, shape), own in zip(widths.items(), keys_for(key, 4), strict=True):
            params[name] = {"kernel": draw(own, shape, dtype)}
            if use_bias:
                params[name]["bias"] = np.zeros(shape[1], dtype)
        return tuple(q), params

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        inputs = zip(("query", "key", "value"), three(x, isinstance(x, tuple | list)), strict=True)
        q, k, v = [headed(affine(params[name], one), num_heads) for name, one in inputs]
        w = weights(q, k, None, mask, None, is_causal)
        if training and dropout_rate:
            w = dropped(w, dropout_rate, key)
        z = turned(np.matmul(w, turned(v)))
        y = affine(params["out"], z.reshape(*z.shape[:-2], z.shape[-2] * z.shape[-1]))
        return y if state is None else (y, state)

    return Layer(init, apply)


def affine(params: Any, x: Any) -> Any:
    """x W + b, or x W where there is no b."""
    z = x @ params["kernel"]
    return z + params["bias"] if "bias" in params else z


def headed(x: Any, heads: int) -> Any:
    """(…, heads, d) of (…, heads · d)."""
    return x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads)


def three(x: Any, several: bool) -> tuple[Any, Any, Any]:
    """Queries, keys and values."""
    return tuple([*x, x[-1]][:3]) if several else (x, x, x)
