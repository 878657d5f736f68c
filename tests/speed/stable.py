"""Stable forms beside what they stand for: python tests/speed/stable.py.

The first table has NumPy's functions, the time of the stable form over that of the plain one; the second, programs of
losses with the identities of `stabilising` over those without. Run it again with NPY_DISABLE_CPU_FEATURES="X86_V4
AVX512_ICL" for a processor without vectors of 512 bits.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from turns import interleaved

from funcgrad import grad, jit, value_and_grad
from funcgrad.rewrites import simplifying, stabilising

FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "log1p(x)": (lambda x: np.log(1.0 + x), np.log1p),
    "expm1(x)": (lambda x: np.exp(x) - 1.0, np.expm1),
    "logaddexp(0, x)": (lambda x: np.log1p(np.exp(x)), lambda x: np.logaddexp(0.0, x)),
    "by |x|": (lambda x: np.log1p(np.exp(x)), lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))),
    "1/(1 + exp(-x))": (lambda x: (lambda e: e / (1.0 + e))(np.exp(x)), lambda x: 1.0 / (1.0 + np.exp(-x))),
}


def softmax(x: Any) -> Any:
    """Shares by row."""
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def entropy(x: Any, y: Any) -> Any:
    """The cross-entropy of weights y."""
    return -np.mean(np.sum(y * np.log(softmax(x)), axis=1))


def labelled(x: Any, y: Any) -> Any:
    """The cross-entropy of labels."""
    return -np.mean(np.log(softmax(x)[np.arange(len(x)), np.argmax(y, axis=1)]))


def binary(x: Any, y: Any) -> Any:
    """The binary cross-entropy."""
    p = 1.0 / (1.0 + np.exp(-x))
    return -np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))


def programs(f: Callable[..., Any], *args: Any) -> list[Callable[[], Any]]:
    """The programs of f without and with the identities, each having run."""
    every, made = simplifying.BY_KEY, []
    others = [one for one in simplifying.IDENTITIES if one.rule.__module__ != stabilising.__name__]
    for identities in (simplifying.by_key(tuple(others)), every):
        simplifying.BY_KEY = identities
        program = jit(f)
        program(*args), program(*args)
        made.append(lambda program=program: program(*args))
    return made


def main() -> None:
    """Print a row a size."""
    rng = np.random.default_rng(0)
    losses = {"by weights": entropy, "by labels": labelled, "binary": binary}
    print(f"{'':>8}{'elements':>10}" + "".join([f"{name:>17}" for name in FORMS]))
    for dtype in ("float64", "float32"):
        for n in (8, 64, 1000, 100_000):
            x = np.abs(rng.normal(size=n)).astype(dtype)
            rows = [interleaved([lambda f=f, x=x: f(x) for f in pair], 0.3) for pair in FORMS.values()]
            print(f"{dtype:>8}{n:10,}" + "".join([f"{stable / plain:17.2f}" for plain, stable in rows]), flush=True)
    print(f"\n{'':>8}{'rows':>10}" + "".join([f"{name + ' ' + of:>17}" for name in losses for of in ("grad", "both")]))
    for dtype in ("float64", "float32"):
        for n in (4, 100, 10_000):
            x, y = rng.normal(size=(n, 10)).astype(dtype), np.eye(10, dtype=dtype)[rng.integers(10, size=n)]
            rows = [interleaved(programs(of(f), x, y), 0.3) for f in losses.values() for of in (grad, value_and_grad)]
            print(f"{dtype:>8}{n:10,}" + "".join([f"{new / old:17.2f}" for old, new in rows]), flush=True)


if __name__ == "__main__":
    main()
