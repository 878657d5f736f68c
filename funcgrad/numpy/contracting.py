"""NumPy's products: matmul, dot, einsum and their kin, by its own names and signatures."""

from collections.abc import Hashable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import UFUNCS, implements
from funcgrad.graph.op import admit, strong
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.subscripting import Labels, lengths_of, parted, subscripted
from funcgrad.primitives.contracting import columns, contract, matmul, rows
from funcgrad.primitives.kinds import Sum
from funcgrad.primitives.shaping import Cast, Reshape, Transpose


def operands(*arrays: Any) -> list[Any]:
    """Arguments as NumPy's products take them: here a Python number decides the dtype as an array would."""
    return [strong(admit(a)) for a in arrays]


def refuse_out(name: str, out: Any) -> None:
    """Refuse `out=` where it is given."""
    if out is not None:
        unsupported(name, "out")


# ---- products over given axes ----------------------------------------------------------------------------------------
def paired(a: Any, over: list[int], b: Any, under: list[int]) -> Any:
    """Σ a·b over the axes `over` of a, each paired with one of the axes `under` of b; then the others of a and of b."""
    xs: list[Hashable] = [*range(a.ndim)]
    ys: list[Hashable] = [*range(a.ndim, a.ndim + b.ndim)]
    for one, other in zip(over, under, strict=True):
        ys[other] = xs[one]
    return contract(a, xs, b, ys, [x for x in xs if x not in ys] + [y for y in ys if y not in xs])


def aligned(a: Any, i: int, b: Any, j: int) -> None:
    """Refuse, in NumPy's words, axes of different lengths."""
    if a.shape[i] != b.shape[j]:
        one, other = (str(c.shape).replace(" ", "") for c in (a, b))
        raise ValueError(
            f"shapes {one} and {other} not aligned: {a.shape[i]} (dim {i % a.ndim}) != {b.shape[j]} (dim {j % b.ndim})"
        )


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """np.dot: over the last axis of a and the last but one of b."""
    refuse_out("dot", out)
    a, b = operands(a, b)
    if not a.ndim or not b.ndim:
        return a * b
    axis = max(b.ndim - 2, 0)
    aligned(a, -1, b, axis)
    return matmul(a, b) if a.ndim == 1 or b.ndim <= 2 else paired(a, [a.ndim - 1], b, [axis])


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    """np.inner: over the last axes of both."""
    a, b = operands(a, b)
    if not a.ndim or not b.ndim:
        return a * b
    aligned(a, -1, b, -1)
    return matmul(a, b) if b.ndim == 1 else paired(a, [a.ndim - 1], b, [b.ndim - 1])


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    """np.vdot: Σ a*·b over all elements."""
    a, b = [Reshape((type_of(c).size,))(c) for c in operands(a, b)]
    aligned(a, 0, b, 0)
    return matmul(np.conjugate(a), b)


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """np.outer: every element of a times every element of b."""
    refuse_out("outer", out)
    a, b = operands(a, b)
    return Reshape((type_of(a).size, 1))(a) * Reshape((1, type_of(b).size))(b)


@implements(np.linalg.outer)
def outer_of_vectors(x1: Any, x2: Any, /) -> Any:
    """np.linalg.outer: np.outer of vectors only."""
    x1, x2 = operands(x1, x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are {x1.ndim=} and {x2.ndim=}.")
    return outer(x1, x2)


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot: over pairs of axes."""
    a, b = operands(a, b)
    over, under = axes if hasattr(axes, "__iter__") else (range(-axes, 0), range(axes))
    over, under = [list(one) if hasattr(one, "__iter__") else [one] for one in (over, under)]
    if len(set(over)) < len(over) or len(set(under)) < len(under):
        raise ValueError("duplicate axes are not allowed in tensordot")
    if len(over) != len(under) or any([a.shape[i] != b.shape[j] for i, j in zip(over, under, strict=True)]):
        raise ValueError("shape-mismatch for sum")
    return paired(a, [i % a.ndim for i in over], b, [j % b.ndim for j in under])


@implements(np.linalg.tensordot)
def tensordot_by_keyword(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """np.linalg.tensordot."""
    return tensordot(x1, x2, axes)


@implements(np.linalg.matmul)
def matmul_of_arrays(x1: Any, x2: Any, /) -> Any:
    """np.linalg.matmul."""
    return matmul(x1, x2)


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """np.kron: every element of a times all of b, in blocks."""
    a, b = operands(a, b)
    if not a.ndim or not b.ndim:
        return a * b
    rank = max(a.ndim, b.ndim)
    one, other = ((1,) * (rank - c.ndim) + c.shape for c in (a, b))
    blocks = Reshape(tuple([n for length in one for n in (length, 1)]))(a) * Reshape(
        tuple([n for length in other for n in (1, length)])
    )(b)
    return Reshape(tuple([m * n for m, n in zip(one, other, strict=True)]))(blocks)


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """np.cross of vectors of three: z₀ = a₁b₂ - a₂b₁, and so on round."""
    a, b = operands(a, b)
    if axis is not None:
        axisa = axisb = axisc = axis
    if not a.ndim or not b.ndim:
        raise ValueError("At least one array has zero dimension")
    a = np.moveaxis(a, normalize_axis_index(axisa, a.ndim, "axisa"), -1)
    b = np.moveaxis(b, normalize_axis_index(axisb, b.ndim, "axisb"), -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError("incompatible dimensions for cross product\n(dimension must be 2 or 3)")
    if a.shape[-1] == 2 or b.shape[-1] == 2:
        refuse(
            UnsupportedFunction,
            "np.cross of vectors of two, which NumPy itself has deprecated, has no derivative rule.",
            "Give them a third component, or write x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0].",
        )
    z = np.roll(a, -1, -1) * np.roll(b, -2, -1) - np.roll(a, -2, -1) * np.roll(b, -1, -1)
    return np.moveaxis(z, -1, normalize_axis_index(axisc, z.ndim, "axisc"))


@implements(np.linalg.cross)
def cross_of_threes(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """np.linalg.cross."""
    x1, x2 = operands(x1, x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(
            "Both input arrays must be (arrays of) 3-dimensional vectors, "
            f"but they are {x1.shape[axis]} and {x2.shape[axis]} dimensional instead."
        )
    return cross(x1, x2, axis=axis)


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """np.linalg.multi_dot: a product of many matrices, bracketed for the fewest multiplications."""
    refuse_out("linalg.multi_dot", out)
    arrays = operands(*arrays)
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    for a in (arrays[0] if arrays[0].ndim != 1 else None, *arrays[1:-1], arrays[-1] if arrays[-1].ndim != 1 else None):
        if a is not None and a.ndim != 2:
            raise np.linalg.LinAlgError(f"{a.ndim}-dimensional array given. Array must be two-dimensional")
    shapes = [rows(arrays[0].shape), *[a.shape for a in arrays[1:-1]], columns(arrays[-1].shape)]
    for (a, one), (b, other) in pairwise(zip(arrays, shapes, strict=True)):
        if one[1] != other[0]:
            aligned(a, -1, b, 0)
    lengths = [shape[0] for shape in shapes] + [shapes[-1][1]]
    return bracketed(arrays, lengths)


def bracketed(arrays: list[Any], lengths: list[int]) -> Any:
    """The product of matrices; matrix i is lengths[i] × lengths[i+1].

    Cormen, Leiserson, Rivest and Stein, *Introduction to Algorithms*, chapter on dynamic programming.
    """
    n = len(arrays)
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            costs = [cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1] for k in range(i, j)]
            cost[i, j] = min(costs)
            split[i, j] = i + costs.index(cost[i, j])

    def product(i: int, j: int) -> Any:
        return arrays[i] if i == j else matmul(product(i, split[i, j]), product(split[i, j] + 1, j))

    return product(0, n - 1)


# ---- stacks of vectors -----------------------------------------------------------------------------------------------
def stacked(name: str, signature: str, subscripts: str, a: Any, b: Any) -> Any:
    """A product of stacks of vectors or matrices, checked as NumPy's ufuncs are: summed axes are never stretched."""
    a, b = operands(a, b)
    (first, second) = subscripts.split("->")[0].replace("...", "").split(",")
    for i, (one, letters) in enumerate(((a, first), (b, second))):
        if one.ndim < len(letters):
            raise ValueError(
                f"{name}: Input operand {i} does not have enough dimensions "
                f"(has {one.ndim}, gufunc core with signature {signature} requires {len(letters)})"
            )
    n, m = (c.shape[letters.index("n") - len(letters)] for c, letters in ((a, first), (b, second)))
    if n != m:
        raise ValueError(
            f"{name}: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature {signature} "
            f"(size {m} is different from {n})"
        )
    return einsum(subscripts, a, b)


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1, keepdims: bool = False) -> Any:
    """np.vecdot: Σ x₁*·x₂ over one axis."""
    x1, x2 = [a if axis == -1 else np.moveaxis(a, axis, -1) for a in operands(x1, x2)]
    z = stacked("vecdot", "(n),(n)->()", "...n,...n->...", np.conjugate(x1), x2)
    return np.expand_dims(z, axis) if keepdims else z


UFUNCS[np.vecdot] = vecdot
UFUNCS[np.matvec] = lambda x1, x2: stacked("matvec", "(m,n),(n)->(m)", "...mn,...n->...m", x1, x2)
UFUNCS[np.vecmat] = lambda x1, x2: stacked(
    "vecmat", "(n),(n,m)->(m)", "...n,...nm->...m", np.conjugate(operands(x1)[0]), x2
)


# ---- einsum ----------------------------------------------------------------------------------------------------------
@implements(np.einsum)
def einsum(
    *arguments: Any, out: Any = None, optimize: Any = False, dtype: Any = None, order: Any = "K", casting: Any = "safe"
) -> Any:
    """np.einsum: two operands at a time, from the left or in the order that np.einsum_path finds for `optimize`."""
    refuse_out("einsum", out)
    for option, value, neutral in (("dtype", dtype, None), ("order", order, "K"), ("casting", casting, "safe")):
        if value != neutral:
            unsupported("einsum", option)
    if len(arguments) == 3 and type(arguments[0]) is str:
        answer = ordinary(arguments[0].replace(" ", ""), *operands(*arguments[1:]))
        if answer is not None:
            return answer
    raw, inputs, output = parted(arguments)
    arrays = operands(*raw)
    shapes = [a.shape for a in arrays]
    inputs, output = subscripted(shapes, inputs, output)
    length = lengths_of(shapes, inputs)
    pairs = [undoubled(a, labels, length) for a, labels in zip(arrays, inputs, strict=True)]
    pairs = [summed_alone(pairs, i, output) for i in range(len(pairs))]
    for positions in path(pairs, output, optimize):
        chosen = [pairs[i] for i in positions]
        pairs = [pair for i, pair in enumerate(pairs) if i not in positions]
        (a, xs), *others = chosen
        for i, (b, ys) in enumerate(others):
            rest = [label for _, labels in (*others[i + 1 :], *pairs) for label in labels] + output
            last = i + 1 == len(others) and not pairs
            zs = output if last else [label for label in dict.fromkeys(xs + ys) if label in rest]
            a, xs = contract(a, xs, b, ys, zs), zs
        pairs.append((a, xs))
    ((answer, labels),) = pairs
    return answer if labels == output else Transpose(tuple([labels.index(label) for label in output]))(answer)


def ordinary(subscripts: str, a: Any, b: Any) -> Any:
    """The einsum of two arrays if it is an `Einsum` as it stands, as most are; else None."""
    inputs, arrow, zs = subscripts.partition("->")
    xs, _, ys = inputs.partition(",")
    x, y = set(xs), set(ys)
    zs = zs if arrow else "".join(sorted(x ^ y))
    z = set(zs)
    if len(xs) != a.ndim or len(ys) != b.ndim or not x ^ y <= z <= x | y or not (xs + ys).isalpha():
        return None
    if len(x) < len(xs) or len(y) < len(ys) or len(z) < len(zs):
        return None
    length = dict(zip(xs, a.shape, strict=True))
    if any([length.get(letter, n) != n for letter, n in zip(ys, b.shape, strict=True)]):
        return None
    return contract(a, xs, b, ys, zs)


def path(pairs: list[tuple[Any, Labels]], output: Labels, optimize: Any) -> list[tuple[int, ...]]:
    """Which operands to multiply next, step by step; their product is put at the end."""
    if len(pairs) < 2:
        return []
    if len(pairs) == 2 or optimize is False:
        return [tuple(range(len(pairs)))]
    named: list[Any] = []
    for a, labels in pairs:
        named += [np.broadcast_to(np.empty(()), a.shape), numbered(labels, pairs)]
    return [tuple(step) for step in np.einsum_path(*named, numbered(output, pairs), optimize=optimize)[0][1:]]


def numbered(labels: Labels, pairs: list[tuple[Any, Labels]]) -> list[int]:
    """Labels as the numbers that np.einsum_path takes."""
    every = list(dict.fromkeys([label for _, some in pairs for label in some]))
    return [every.index(label) for label in labels]


def undoubled(a: Any, labels: Labels, length: dict[Any, int]) -> tuple[Any, Labels]:
    """An operand of which each axis has a label of its own and the length that belongs to it: a diagonal is taken
    where a label stands twice, and an axis of length 1 that would be stretched goes.
    """
    while len(set(labels)) < len(labels):
        label = next(label for label in labels if labels.count(label) > 1)
        i = labels.index(label)
        j = labels.index(label, i + 1)
        a = np.diagonal(a, 0, i, j)
        labels = [*labels[:i], *labels[i + 1 : j], *labels[j + 1 :], label]
    kept = [i for i, label in enumerate(labels) if a.shape[i] == length[label]]
    if len(kept) < len(labels):
        a = Reshape(tuple([a.shape[i] for i in kept]))(a)
    return a, [labels[i] for i in kept]


def summed_alone(pairs: list[tuple[Any, Labels]], which: int, output: Labels) -> tuple[Any, Labels]:
    """An operand, summed over the axes whose label stands nowhere else."""
    a, labels = pairs[which]
    elsewhere = {label for i, (_, some) in enumerate(pairs) if i != which for label in some}.union(output)
    axes = tuple([i for i, label in enumerate(labels) if label not in elsewhere])
    if not axes:
        return a, labels
    z, dtype = Sum(axes)(a), type_of(a).dtype
    return (z if z.dtype == dtype else Cast(dtype)(z)), [label for label in labels if label in elsewhere]
