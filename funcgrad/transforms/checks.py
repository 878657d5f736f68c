"""Derivatives against differences of the function itself."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import tree
from funcgrad.graph.types import type_of
from funcgrad.transforms.derivatives import jvp, vjp

Function = Callable[..., Any]

#: How far a derivative may be from the difference, by the precision that it is computed in.
TOLERANCES = {"float16": 1e-1, "float32": 1e-3, "complex64": 1e-3, "float64": 1e-6, "complex128": 1e-6}
#: The step of a difference, and the weights of its five points: f'(x) = Σ cₖ f(x + k h) / h + O(h⁴).
STEP = 1e-3
STENCIL = {1: 2 / 3, -1: -2 / 3, 2: -1 / 12, -2: 1 / 12}
#: Arrays larger than this are checked along random directions only; of smaller ones a wrong entry is named.
SEARCHED = 1000


@frozen
class Check:
    """What stays the same throughout one call of `check_grads`."""

    #: The paths of the arguments' leaves that are differentiated, such as `args[0]['w']`.
    paths: list[str]
    #: The modes: "fwd", "rev".
    modes: tuple[str, ...]
    #: Relative tolerance; None for that of the dtype.
    rtol: float | None
    #: Absolute tolerance; None for that of the dtype.
    atol: float | None
    #: The step of differences.
    step: float
    #: Where random directions come from.
    rng: np.random.Generator

    def agree(self, got: Any, wanted: Any, dtype: Any) -> bool:
        """Whether two numbers are alike as numbers of `dtype` can be. NaN is like NaN."""
        default = TOLERANCES[np.dtype(dtype).name]
        rtol, atol = default if self.rtol is None else self.rtol, default if self.atol is None else self.atol
        return bool(np.isclose(got, wanted, rtol=rtol, atol=atol, equal_nan=True))


def check_grads(
    f: Function,
    args: Sequence[Any],
    order: int = 2,
    modes: str | Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Assert that the derivatives of f at `args` are the limits of its differences, up to `order`, in each of `modes`.

    check_grads : (X → Y) × X × ℕ → ().  X and Y are any trees; leaves that are not real or complex are held fixed.
    "fwd" checks jvp, "rev" checks vjp; beyond the first order every mixture of the modes is checked. Differences are
    taken in float64 with the step `eps`, also where `args` are float32. Arguments and order as in `jax.test_util`.

    The AssertionError names the argument's path, the order, the mode and both numbers.

    >>> import numpy as np
    >>> from funcgrad import stop_gradient
    >>> check_grads(lambda p: np.sin(p["w"]) * p["b"], [{"w": np.array([1.0, 2.0]), "b": 3.0}])
    >>> check_grads(lambda x: x * stop_gradient(x), [3.0], order=1, modes="rev")
    Traceback (most recent call last):
    AssertionError: The derivative with respect to args[0] is wrong at order 1 (rev): ...
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or not set(modes) <= {"fwd", "rev"} or order < 1:
        raise ValueError(f'modes are "fwd" and "rev", and order is 1 or more; got modes={modes!r}, order={order!r}')
    g, xs, paths = moving(f, args)
    check = Check(paths, modes, rtol, atol, eps or STEP, np.random.default_rng(0))
    check_order(check, g, xs, order, ())


def moving(f: Function, args: Sequence[Any]) -> tuple[Function, list[Any], list[str]]:
    """f as a function of its real and complex leaves alone, to a list of such results; those leaves; their paths."""
    leaves, structure = tree.flatten(tuple(args))
    places = [i for i, leaf in enumerate(leaves) if differentiable(leaf)]
    if not places:
        raise ValueError("check_grads was given no real or complex argument to differentiate with respect to")
    paths = [tree.path_name(path, root="args") for path, _ in tree.leaves_with_path(tuple(args))]

    def g(*values: Any) -> list[Any]:
        filled = list(leaves)
        for place, value in zip(places, values, strict=True):
            filled[place] = value
        return [y for y in tree.leaves(f(*structure.unflatten(filled))) if differentiable(y)]

    return g, [strong(leaves[i]) for i in places], [paths[i] for i in places]


def check_order(check: Check, g: Function, xs: list[Any], order: int, taken: tuple[str, ...]) -> None:
    """Check the next derivative of g, which is made of the modes `taken` already, and those after it."""
    xdots = [random_like(check.rng, x) for x in xs]
    ybars = [random_like(check.rng, y) for y in g(*xs)]
    if "fwd" in check.modes:
        check_leaves(check, g, xs, ybars, ("fwd", *taken))
    if "rev" in check.modes:
        check_leaves(check, g, xs, ybars, ("rev", *taken))
    if order > 1 and ybars:
        if "fwd" in check.modes:
            check_order(check, lambda *xs: pushed(g, xs, xdots), xs, order - 1, ("fwd", *taken))
        if "rev" in check.modes:
            check_order(check, lambda *xs: pulled(g, xs, ybars), xs, order - 1, ("rev", *taken))


def check_leaves(check: Check, g: Function, xs: list[Any], ybars: list[Any], modes: tuple[str, ...]) -> None:
    """Check ⟨ȳ, J ẋ⟩ by the first of `modes`, moving one leaf at a time in a random direction."""
    bars = pulled(g, xs, ybars) if modes[0] == "rev" else None
    for i, x in enumerate(xs):

        def compared(direction: Any, i: int = i) -> tuple[Any, Any]:
            """The derivative along a direction of leaf i, and the difference."""
            xdots = [direction if i == j else np.zeros_like(other)[()] for j, other in enumerate(xs)]
            got = pairing(ybars, pushed(g, xs, xdots)) if bars is None else pairing([bars[i]], [direction])
            return got, pairing(ybars, difference(g, xs, xdots, check.step))

        got, wanted = compared(random_like(check.rng, x))
        if not check.agree(got, wanted, x.dtype):
            complain(check, i, x, modes, (got, wanted), compared)


def complain(check: Check, i: int, x: Any, modes: tuple[str, ...], numbers: Any, compared: Function) -> None:
    """Raise the AssertionError, which names the first wrong entry of the leaf if there is one."""
    where = check.paths[i]
    if np.ndim(x) and np.size(x) <= SEARCHED:
        for index in np.ndindex(np.shape(x)):
            unit = np.zeros_like(x)
            unit[index] = 1
            got, wanted = compared(unit)
            if not check.agree(got, wanted, x.dtype):
                where, numbers = f"{where}[{', '.join(map(str, index))}]", (got, wanted)
                break
    got, wanted = numbers
    raise AssertionError(
        f"The derivative with respect to {where} is wrong at order {len(modes)} ({' of '.join(modes)}): "
        f"{float(got)!r}, where a difference gives {float(wanted)!r}. Both are of a fixed weighted sum of the results. "
        "Check the rule; or give another eps, rtol or atol if the function is rough or inexact here."
    )


# ---- derivatives at any precision ---------------------------------------------------------------------------------
def pushed(g: Function, xs: Sequence[Any], xdots: list[Any]) -> Any:
    """ẏ = J ẋ, in the dtypes of xs."""
    return jvp(g, xs, cast(xdots, xs))[1]


def pulled(g: Function, xs: Sequence[Any], ybars: list[Any]) -> list[Any]:
    """x̄ = Jᵀ ȳ, in the dtypes of xs."""
    ys, pull = vjp(g, *xs)
    return list(pull(cast(ybars, ys)))


def cast(values: list[Any], likes: Sequence[Any]) -> list[Any]:
    """Values in the dtypes of others: a difference evaluates a derivative at another precision than its own."""
    return [value.astype(type_of(like).dtype)[()] for value, like in zip(values, likes, strict=True)]


# ---- numbers ---------------------------------------------------------------------------------------------------------
def differentiable(a: Any) -> bool:
    """Whether a leaf is real or complex."""
    return type(a) in (float, complex) or (hasattr(a, "dtype") and a.dtype.kind in "fc")


def strong(a: Any) -> Any:
    """A Python number as NumPy's own."""
    return a if hasattr(a, "dtype") else np.asarray(a)[()]


def wide(a: Any) -> Any:
    """A number or an array at the precision of differences."""
    return a.astype(np.result_type(a.dtype, np.float64))[()]


def random_like(rng: np.random.Generator, a: Any) -> Any:
    """Random numbers of ±[½, 1] in the shape and dtype of `a`: none so small that an error beside it is overlooked."""
    kind = type_of(a)
    real, imaginary = rng.uniform(0.5, 1, (2, *kind.shape)) * rng.choice([-1, 1], (2, *kind.shape))
    return np.asarray(real + 1j * imaginary if kind.dtype.kind == "c" else real).astype(kind.dtype)[()]


def pairing(bars: Sequence[Any], dots: Sequence[Any]) -> Any:
    """Re Σ āᵢ ȧᵢ: what pullbacks and pushforwards keep."""
    return sum([np.sum(wide(np.asarray(bar)) * dot).real for bar, dot in zip(bars, dots, strict=True)])


def difference(g: Function, xs: list[Any], xdots: list[Any], step: float) -> list[Any]:
    """∂g/∂x · ẋ by the central difference of five points, in float64."""
    points = [g(*[wide(x) + k * step * wide(xdot) for x, xdot in zip(xs, xdots, strict=True)]) for k in STENCIL]
    weights = [c / step for c in STENCIL.values()]
    return [sum([c * y for c, y in zip(weights, ys, strict=True)]) for ys in zip(*points, strict=True)]
