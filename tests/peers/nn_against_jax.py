"""funcgrad.nn beside JAX: python tests/peers/nn_against_jax.py (needs JAX; optax for the losses).

Values and gradients of activations, losses, convolutions, pooling, attention and normalisation, in 64 bits. A row is
the largest difference, relative to 1 + |value|. JAX's attention takes its softmax in 32 bits.
"""

import os

os.environ["JAX_ENABLE_X64"] = "1"

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from funcgrad import grad, nn, random, tree

RNG = np.random.default_rng(0)
#: Where activations are compared: ordinary numbers, and extreme ones.
POINTS = np.array(
    [-1e4, -800.0, -40.0, -3.0, -1.0, -1.5, -0.3, 0.0, 0.2, 1.0, 3.0, 2.5, 5.0, 6.0, 6.5, 40.0, 800.0, 1e4]
)
ROWS: dict[str, float] = {}


def compare(name: str, ours: Any, theirs: Any, *args: Any) -> None:
    """One function of arrays by both: the values, and the gradients of a weighted sum by every argument of floats."""
    one, other = ours(*args), theirs(*map(as_jax, args))
    weights = tree.map(lambda y: np.cos(np.arange(np.size(y), dtype=float)).reshape(np.shape(y)), one)
    wanted = tuple(i for i, a in enumerate(args) if all(x.dtype.kind == "f" for x in map(np.asarray, tree.leaves(a))))

    def summed(f: Any, total: Any) -> Any:
        def weighted(*args: Any) -> Any:
            return sum(total(w * y) for w, y in zip(tree.leaves(weights), leaves(f(*args)), strict=True))

        return weighted

    got = [one, grad(summed(ours, np.sum), wanted)(*args)]
    want = [other, jax.grad(summed(theirs, jnp.sum), wanted)(*map(as_jax, args))]
    pairs = zip(leaves(got), leaves(want), strict=True)
    ROWS[name] = max(float(np.max(np.abs(a - b) / (1 + np.abs(b)), initial=0)) for a, b in pairs)


def leaves(value: Any) -> list[Any]:
    """The leaves of a tree of either library."""
    return jax.tree.leaves(value)


def as_jax(a: Any) -> Any:
    """Arrays as JAX's."""
    return jax.tree.map(jnp.asarray, a)


def activations() -> None:
    """Each activation, with its slope, at all points."""
    for name in (
        *("relu", "relu6", "sigmoid", "softplus", "soft_sign", "silu", "swish", "log_sigmoid", "leaky_relu", "elu"),
        *("hard_sigmoid", "hard_silu", "hard_tanh", "celu", "selu", "gelu", "glu", "squareplus", "mish", "hard_swish"),
        *("sparse_plus", "tanh"),
    ):
        compare(name, getattr(nn, name), getattr(jax.nn, name), POINTS)
    compare("gelu exact", lambda x: nn.gelu(x, False), lambda x: jax.nn.gelu(x, False), POINTS)
    compare("celu of alpha", lambda x: nn.celu(x, 2.0), lambda x: jax.nn.celu(x, 2.0), POINTS)
    x, mask = RNG.standard_normal((3, 5)), RNG.random((3, 5)) > 0.3
    for name in ("softmax", "log_softmax", "logsumexp", "standardize"):
        compare(name, getattr(nn, name), getattr(jax.nn, name), x)
    compare("softmax, extreme", nn.softmax, jax.nn.softmax, POINTS)
    compare("softmax where", lambda x: nn.softmax(x, where=mask), lambda x: jax.nn.softmax(x, where=mask), x)
    compare("standardize where", *[lambda x, lib=lib: lib.standardize(x, 0, where=mask) for lib in (nn, jax.nn)], x)
    compare("logsumexp of axes", lambda x: nn.logsumexp(x, 0), lambda x: jax.nn.logsumexp(x, 0), x)
    compare("one_hot", lambda x: x * nn.one_hot(np.arange(3), 5), lambda x: x * jax.nn.one_hot(jnp.arange(3), 5), x)


def losses() -> None:
    """Each loss, beside optax."""
    x, y, k = RNG.standard_normal((4, 3)), RNG.standard_normal((4, 3)), np.array([0, 2, 1, 1])
    p = np.asarray(jax.nn.softmax(y))
    compare("huber_loss", nn.huber_loss, optax.losses.huber_loss, 2 * x, y)
    compare("squared_error", nn.squared_error, optax.losses.squared_error, x, y)
    compare("cross-entropy", nn.softmax_cross_entropy, optax.losses.softmax_cross_entropy, x, p)
    integers = "softmax_cross_entropy_with_integer_labels"
    compare("cross-entropy, integers", getattr(nn, integers), getattr(optax.losses, integers), x, k)
    compare("binary", nn.sigmoid_binary_cross_entropy, optax.losses.sigmoid_binary_cross_entropy, x, p)
    binary = (POINTS, (POINTS > 1).astype(float))
    compare("binary, extreme", nn.sigmoid_binary_cross_entropy, optax.losses.sigmoid_binary_cross_entropy, *binary)
    compare("hinge_loss", nn.hinge_loss, optax.losses.hinge_loss, x, np.sign(y))
    compare("kl_divergence", nn.kl_divergence, optax.losses.kl_divergence, np.log(p[::-1]), p)


def windows() -> None:
    """Convolutions and pooling with every option, over one axis and two."""
    cases = [(1, "SAME", 1, 1), (2, "SAME", 1, 1), (2, "VALID", 2, 1), (3, "SAME", 2, 2), (1, 2, 3, 1)]
    for axes in (1, 2):
        spatial = "HW"[-axes:]
        numbers = (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C")
        for strides, padding, dilation, groups in cases:
            x = RNG.standard_normal((*(2, 11, 10)[: axes + 1], 4))
            w = RNG.standard_normal((*(3, 2)[:axes], 4 // groups, 6))
            pads = padding if isinstance(padding, str) else [(padding, padding)] * axes
            name = f"convolution, {axes} axes, strides {strides}, {padding}, dilation {dilation}, groups {groups}"
            compare(
                name,
                lambda x, w, s=strides, p=padding, d=dilation, g=groups: nn.convolution(x, w, s, p, d, g),
                lambda x, w, s=strides, p=pads, d=dilation, g=groups, axes=axes, n=numbers: (
                    jax.lax.conv_general_dilated(
                        x, w, (s,) * axes, p, rhs_dilation=(d,) * axes, dimension_numbers=n, feature_group_count=g
                    )
                ),
                x,
                w,
            )
    x = RNG.standard_normal((2, 7, 8, 3))
    for window, strides, padding in (((2, 2), (2, 2), "VALID"), ((3, 2), (2, 1), "SAME"), ((3, 3), (2, 2), "VALID")):
        shape, steps = (1, *window, 1), (1, *strides, 1)
        compare(
            f"max_pooling {window} {strides} {padding}",
            lambda x, w=window, s=strides, p=padding: nn.max_pooling(x, w, s, p),
            lambda x, w=shape, s=steps, p=padding: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, w, s, p),
            x,
        )
        compare(
            f"average_pooling {window} {strides} {padding}",
            lambda x, w=window, s=strides, p=padding: nn.average_pooling(x, w, s, p),
            lambda x, w=shape, s=steps, p=padding: jax.lax.reduce_window(x, 0.0, jax.lax.add, w, s, p) / np.prod(w),
            x,
        )


def attention() -> None:
    """Attention with scale, bias, mask and causality."""
    q, k, v = (RNG.standard_normal((2, n, 3, 4)) for n in (5, 6, 6))
    mask, bias = RNG.random((2, 1, 5, 6)) > 0.4, RNG.standard_normal((1, 3, 5, 6))
    mask[0, 0, 2] = False  # a query that sees nothing
    for name, options in {
        "attention": {},
        "attention, bias and mask": {"bias": bias, "mask": mask},
        "attention, causal, scale": {"is_causal": True, "scale": 0.3},
    }.items():
        compare(
            name,
            lambda q, k, v, o=options: nn.dot_product_attention(q, k, v, **o),
            lambda q, k, v, o=options: jax.nn.dot_product_attention(q, k, v, **o),
            *(q, k, v),
        )


def recurrent() -> None:
    """The cells, step by step, beside the formulas of Flax in JAX."""
    x = RNG.standard_normal((2, 6, 3))
    sigma = jax.nn.sigmoid

    def unrolled(step: Any, count: int) -> Any:
        def run(params: Any, x: Any) -> Any:
            carry, outputs = (jnp.zeros((2, 4)),) * count, []
            for t in range(6):
                carry = step(params, carry, x[:, t] @ params["kernel"] + params["bias"])
                outputs.append(carry[0])
            return jnp.stack(outputs, 1)

        return run

    def gru(p: Any, carry: Any, z: Any) -> Any:
        (h,) = carry
        (xr, xu, xn), (hr, hu, hn) = jnp.split(z, 3, -1), jnp.split(h @ p["recurrent"], 3, -1)
        u = sigma(xu + hu)
        return ((1 - u) * jnp.tanh(xn + sigma(xr + hr) * (hn + p["candidate_bias"])) + u * h,)

    def lstm(p: Any, carry: Any, z: Any) -> Any:
        i, f, g, o = jnp.split(z + carry[0] @ p["recurrent"], 4, -1)
        c = sigma(f) * carry[1] + sigma(i) * jnp.tanh(g)
        return sigma(o) * jnp.tanh(c), c

    plain = lambda p, carry, z: (jnp.tanh(z + carry[0] @ p["recurrent"]),)
    for name, layer, step, count in (
        ("rnn", nn.rnn(4), plain, 1),
        ("gru", nn.gru(4), gru, 1),
        ("lstm", nn.lstm(4), lstm, 2),
    ):
        _, params = layer.init(random.key(0), x.shape)
        compare(name, layer.apply, unrolled(step, count), params, x)


def main() -> None:
    """Print the differences, the largest first, and fail if one is not rounding."""
    for part in (activations, losses, windows, attention, recurrent):
        part()
    for name, error in sorted(ROWS.items(), key=lambda row: -row[1]):
        print(f"{name:75}{error:9.1e}")
    sys.exit(any(error > (1e-6 if "attention" in name else 1e-9) for name, error in ROWS.items()))


if __name__ == "__main__":
    main()
