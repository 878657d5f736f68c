"""Recurrent networks over sequences (…, steps, features), by `lax.scan`.

The products of inputs with their matrix are made for all steps at once; only what depends on the step before is in the
loop.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import lax
from funcgrad.nn.activations import sigmoid
from funcgrad.nn.initializers import Initializer, lecun_normal, orthogonal, zeros
from funcgrad.nn.layer import Layer, Shape, keys_for, known, pure

#: One step: parameters, what is handed on (a tuple of arrays, the output first) and x W + b give what is handed on.
Step = Callable[[Any, tuple[Any, ...], Any], tuple[Any, ...]]


def recurrence(
    name: str,
    step: Step,
    features: int,
    gates: int,
    handed: int,
    return_sequences: bool,
    kernel_init: Initializer | None,
    recurrent_init: Initializer | None,
    bias_init: Initializer,
    more: Callable[[Any], dict[str, Any]],
    dtype: Any,
) -> Layer:
    """The layer of a cell with so many gates, which hands on so many arrays: zeros to begin with."""
    draw = lecun_normal() if kernel_init is None else kernel_init
    draw_recurrent = orthogonal() if recurrent_init is None else recurrent_init

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        inputs = known(name, input_shape)
        one, two, three = keys_for(key, 3)
        own = [draw_recurrent(k, (features, features), dtype) for k in keys_for(two, gates)]
        params = {
            "kernel": np.concatenate([draw(k, (inputs, features), dtype) for k in keys_for(one, gates)], 1),
            "recurrent": np.concatenate(own, 1),
            "bias": bias_init(three, (gates * features,), dtype),
        } | more(dtype)
        middle = input_shape[:-1] if return_sequences else input_shape[:-2]
        return (*middle, features), params

    def apply(params: Any, x: Any) -> Any:
        z = np.moveaxis(x @ params["kernel"] + params["bias"], -2, 0)
        start = np.zeros((*z.shape[1:-1], features), z.dtype)

        def once(carry: tuple[Any, ...], one: Any) -> tuple[tuple[Any, ...], Any]:
            carry = step(params, carry, one)
            return carry, carry[0] if return_sequences else None

        last, outputs = lax.scan(once, (start,) * handed, z)
        return np.moveaxis(outputs, 0, -2) if return_sequences else last[0]

    return pure(init, apply)


def gates_of(z: Any, count: int) -> list[Any]:
    """The parts of the last axis."""
    n = z.shape[-1] // count
    return [z[..., i * n : (i + 1) * n] for i in range(count)]


def rnn(
    features: int,
    activation: Callable[[Any], Any] = np.tanh,
    return_sequences: bool = True,
    kernel_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
    bias_init: Initializer = zeros,
    dtype: Any = float,
) -> Layer:
    """hₜ = tanh(xₜ W + hₜ₋₁ U + b), h₋₁ = 0: all of them, or the last alone. Elman, *Finding structure in time* (1990).

    Parameters {"kernel": W, "recurrent": U, "bias": b}; U is orthogonal to begin with.

    >>> import numpy as np
    >>> params = {"kernel": np.eye(1), "recurrent": np.eye(1), "bias": np.zeros(1)}
    >>> rnn(1, lambda z: z).apply(params, np.array([[1.0], [2.0], [3.0]])).ravel().tolist()
    [1.0, 3.0, 6.0]
    """

    def step(params: Any, carry: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
        return (activation(z + carry[0] @ params["recurrent"]),)

    inits = (kernel_init, recurrent_init, bias_init)
    return recurrence("rnn", step, features, 1, 1, return_sequences, *inits, lambda dtype: {}, dtype)


def gru(
    features: int,
    return_sequences: bool = True,
    kernel_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
    bias_init: Initializer = zeros,
    dtype: Any = float,
) -> Layer:
    """The gated recurrent unit: h′ = (1 - u) n + u h, all of them or the last alone.

    r = σ(x Wᵣ + h Uᵣ + bᵣ), u = σ(x Wᵤ + h Uᵤ + bᵤ), n = tanh(x Wₙ + bₙ + r (h Uₙ + c)): the reset gate r after the
    product, as in Flax and cuDNN. Cho et al., *Learning phrase representations* (EMNLP 2014). Parameters
    {"kernel": W, "recurrent": U, "bias": b, "candidate_bias": c}, gates side by side in the order r, u, n.

    >>> from funcgrad import random
    >>> shape, params = gru(3).init(random.key(0), (-1, 10, 2))
    >>> shape, params["kernel"].shape
    ((-1, 10, 3), (2, 9))
    """

    def step(params: Any, carry: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
        (h,) = carry
        xr, xu, xn = gates_of(z, 3)
        hr, hu, hn = gates_of(h @ params["recurrent"], 3)
        r, u = sigmoid(xr + hr), sigmoid(xu + hu)
        n = np.tanh(xn + r * (hn + params["candidate_bias"]))
        return ((1 - u) * n + u * h,)

    inits = (kernel_init, recurrent_init, bias_init)
    more = lambda dtype: {"candidate_bias": np.zeros(features, dtype)}
    return recurrence("gru", step, features, 3, 1, return_sequences, *inits, more, dtype)


def lstm(
    features: int,
    return_sequences: bool = True,
    kernel_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
    bias_init: Initializer | None = None,
    dtype: Any = float,
) -> Layer:
    """Long short-term memory: c′ = f c + i g, h′ = o tanh(c′), all h or the last alone.

    i, f, o = σ(x W + h U + b) and g = tanh(x W + h U + b), each with its part of W, U and b, in the order i, f, g, o.
    Hochreiter and Schmidhuber (1997), with forget gates f by Gers, Schmidhuber and Cummins (2000), whose bias is 1 to
    begin with, as Jozefowicz, Zaremba and Sutskever (ICML 2015) advise. Parameters {"kernel", "recurrent", "bias"}.

    >>> from funcgrad import random
    >>> shape, params = lstm(2, return_sequences=False).init(random.key(0), (-1, 10, 3))
    >>> shape, params["bias"].tolist()
    ((-1, 2), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    """

    def remembering(key: Any, shape: Any, dtype: Any = float) -> Any:
        return np.repeat(np.array([0, 1, 0, 0], dtype), features)

    def step(params: Any, carry: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
        h, c = carry
        i, f, g, o = gates_of(z + h @ params["recurrent"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    inits = (kernel_init, recurrent_init, remembering if bias_init is None else bias_init)
    return recurrence("lstm", step, features, 4, 2, return_sequences, *inits, lambda dtype: {}, dtype)
