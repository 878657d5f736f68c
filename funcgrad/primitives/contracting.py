"""Contractions: products of two arrays, summed over axes that they share."""

import operator
from collections.abc import Callable, Hashable, Sequence
from math import prod
from string import ascii_letters
from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from numpy import matmul as matrix_product
from numpy import ndarray

from funcgrad.graph.calls import hold, set_writeable
from funcgrad.graph.node import History, Node, born
from funcgrad.graph.op import Op, joined
from funcgrad.graph.types import Type, grown
from funcgrad.primitives.kinds import Multilinear, chain, finite, operand
from funcgrad.primitives.shaping import Reshape, Transpose

#: From this product of two sizes on, an einsum is quicker by way of BLAS (measured: 5 µs of arranging).
WORTH = 1 << 14


def turned(a: Any) -> Any:
    """aᵀ: each matrix of a stack transposed, without conjugation."""
    if type(a) is ndarray:
        return a.mT
    n = a.ndim
    return Transpose((*range(n - 2), n - 1, n - 2))(a)


# ---- einsum ----------------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Einsum(Multilinear):
    """z = Σ x·y over the letters that z lacks: a sum of products of two arrays, a letter an axis.

    In each array all letters differ, each letter of one stands in another of the three, and each has one length.
    Then the transposes are einsums of this kind again: x̄ = Σ z̄·y over the letters that x lacks.
    A primitive for speed: one pass of NumPy's loops for small arrays, one product of matrices for large ones.
    """

    #: The letters of x, y and z, as in "ab,bc->ac", named in the order in which they appear.
    subscripts: str

    def run(self, x: Any, y: Any) -> Any:
        return summed(self.subscripts, x, y)

    def infer(self, x: Any, y: Any) -> Any:
        xs, ys, zs = letters(self.subscripts)
        length = dict(zip(xs + ys, x.shape + y.shape, strict=True))
        return Type(tuple([length[letter] for letter in zs]), np.result_type(x.dtype, y.dtype))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        (xs, ys, zs), kind = letters(self.subscripts), type(self)
        return contract(zbar, zs, args[1], ys, xs, kind) if i == 0 else contract(args[0], xs, zbar, zs, ys, kind)

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        chained = ChainEinsum(self.subscripts)
        return [(self if finite(args[1 - i]) else chained).transpose_of(i, zbar, *args) for i in wanted]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        xs, ys, zs = letters(self.subscripts)
        return contract(args[0], "*" * which[0] + xs, args[1], "*" * which[1] + ys, "*" + zs, type(self))


@frozen(eq=False, repr=False)
class ChainEinsum(Einsum):
    """z = Σ x·y where 0·∞ = 0, as in `kinds.Chain`."""

    hides: ClassVar[bool] = True

    def run(self, x: Any, y: Any) -> Any:
        return chained(lambda x, y: summed(self.subscripts, x, y), x, y)


def letters(subscripts: str) -> list[str]:
    """The letters of x, of y and of z."""
    return subscripts.replace("->", ",").split(",")


def summed(subscripts: str, x: Any, y: Any) -> Any:
    """The einsum of plain arrays."""
    if x.size * y.size >= WORTH and x.dtype.kind in "fc" and y.dtype.kind in "fc":
        return multiplied(x, y, *letters(subscripts))
    return np.einsum(subscripts, x, y)


def chained(product: Callable[..., Any], x: Any, y: Any) -> Any:
    """A sum of products where 0·∞ and 0·NaN are 0."""
    with np.errstate(invalid="ignore"):
        z = product(x, y)
    if np.isfinite(np.add.reduce(z, axis=None)):
        return z
    good, fine = np.isfinite(x), np.isfinite(y)
    wild = product((~good).astype(float), (y != 0).astype(float)) + product(
        (x != 0).astype(float), (~fine).astype(float)
    )
    return np.where(wild > 0, z, product(np.where(good, x, 0), np.where(fine, y, 0)))[()]


def contract(
    x: Any, xs: Sequence[Hashable], y: Any, ys: Sequence[Hashable], zs: Sequence[Hashable], kind: type[Einsum] = Einsum
) -> Any:
    """The `Einsum` of x and y whose axes are named by any labels, as its subscripts want them."""
    labels = list(dict.fromkeys([*xs, *ys]))
    if len(labels) > len(ascii_letters):
        raise ValueError(f"too many subscripts in einsum: {len(labels)}, where there are {len(ascii_letters)} letters")
    letter = dict(zip(labels, ascii_letters, strict=False))
    one, two, answer = ("".join([letter[label] for label in labels]) for labels in (xs, ys, zs))
    return kind(f"{one},{two}->{answer}")(x, y)


def multiplied(x: Any, y: Any, xs: str, ys: str, zs: str) -> Any:
    """An einsum as a product of (stacks of) matrices, where something is summed and something is not."""
    summed = [a for a in xs if a in ys and a not in zs]
    stack = [a for a in xs if a in ys and a in zs]
    left, right = [a for a in xs if a not in ys], [a for a in ys if a not in xs]
    if not summed or not (left or right):
        return np.einsum(f"{xs},{ys}->{zs}", x, y)
    length = dict(zip(xs + ys, x.shape + y.shape, strict=True))
    lengths = [length[a] for a in stack]
    rows, inner, columns = (prod([length[a] for a in letters]) for letters in (left, summed, right))
    X = x.transpose([xs.index(a) for a in (*stack, *left, *summed)]).reshape(*lengths, rows, inner)
    Y = y.transpose([ys.index(a) for a in (*stack, *summed, *right)]).reshape(*lengths, inner, columns)
    Z = matrix_product(X, Y).reshape([length[a] for a in (*stack, *left, *right)])
    return Z.transpose([[*stack, *left, *right].index(a) for a in zs])


# ---- matmul ----------------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class MatMul(Multilinear):
    """Z = X Y, the product of (stacks of) matrices, a vector being a row on the left and a column on the right.

    Transposes: X̄ = Z̄ Yᵀ, Ȳ = Xᵀ Z̄, summed over the stacks that broadcast. Giles (2008), section 2.2.1.
    """

    defers: ClassVar[bool] = True

    #: The products of numbers and the sums of products that belong to it.
    times: ClassVar[Any] = operator.mul
    einsum: ClassVar[type[Einsum]] = Einsum

    def __call__(self, x: Any, y: Any) -> Any:
        """X Y."""
        if type(x) is Node:
            X, calls = x.value, x.history.calls
            if type(y) is Node:
                Y = y.value
                if y.history.calls is not calls:
                    calls = joined(calls, y.history.calls)
            else:
                Y = y = operand(y)
        elif type(y) is Node:
            X = x = operand(x)
            Y, calls = y.value, y.history.calls
        else:
            return matrix_product(x, y)
        if x is NotImplemented or y is NotImplemented:
            return NotImplemented
        if type(X) is Type or type(Y) is Type:
            return self.stage(calls, (x, y), [X, Y])
        Z = remembered = matrix_product(X, Y)
        if type(Z) is ndarray:
            set_writeable(Z, False)
            remembered = grown(Type, (Z.shape, Z.dtype, False, None))
        if type(x) is not Node:
            kept = (hold(x, calls), y.history)
        else:
            kept = (x, y) if type(y) is Node else (x.history, hold(y, calls))
        return born(Z, self, kept, remembered, calls)

    def run(self, x: Any, y: Any) -> Any:
        return matrix_product(x, y)

    def infer(self, x: Any, y: Any) -> Any:
        one, two = matched_core("matmul", "(n?,k),(k,m?)->(n?,m?)", x, y)
        stack = np.broadcast_shapes(one[:-2], two[:-2])
        return Type((*stack, *x.shape[-2:-1], *(y.shape[-1:] if y.ndim > 1 else ())), np.result_type(x.dtype, y.dtype))

    def shares(self, zbar: Any, h: History, call: Any, by_nodes: bool) -> Any:
        """X̄ = Z̄ Yᵀ, Ȳ = Xᵀ Z̄ of known matrices, which most are, as quickly as can be; x̄ = 2 z̄ x of z = x·x."""
        X, Y = x, y = h.args
        if x is y and not by_nodes and isinstance(zbar, np.floating):
            return ((x.history, (zbar + zbar) * x.value),)
        if by_nodes or type(zbar) is not ndarray or zbar.ndim != 2:
            return ()
        if type(x) is Node:
            X, x = x.value, x.history
        if type(y) is Node:
            Y, y = y.value, y.history
        if (X if type(X) is ndarray else Y).ndim != 2:  # if one is a matrix, as the answer is, the other is too
            return ()
        shares = []
        if type(x) is History and call in x.calls:
            shares.append((x, matrix_product(zbar, Y.T)))
        if type(y) is History and call in y.calls:
            shares.append((y, matrix_product(X.T, zbar)))
        return shares

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        x, y = args
        if x.ndim == y.ndim == 2:
            return self(zbar, turned(y)) if i == 0 else self(turned(x), zbar)
        if x.ndim == y.ndim == 1:
            return self.times(zbar, y if i == 0 else x)
        stack = zbar.shape[: zbar.ndim - (x.ndim > 1) - (y.ndim > 1)]
        axes = tuple(range(len(stack)))
        Zbar = Reshape((*stack, *rows(x.shape)[-2:-1], *columns(y.shape)[-1:]))(zbar)
        if i == 0:
            Y = matrix(y, columns)
            if x.ndim <= 2 < y.ndim:
                return Reshape(x.shape)(contract(Zbar, (*axes, "m", "n"), Y, (*axes, "k", "n"), "mk", self.einsum))
            Xbar = self(Zbar, turned(Y))
            return Xbar if x.ndim > 1 else Reshape((*stack, *x.shape))(Xbar)
        X = matrix(x, rows)
        if y.ndim <= 2 < x.ndim:
            return Reshape(y.shape)(contract(X, (*axes, "m", "k"), Zbar, (*axes, "m", "n"), "kn", self.einsum))
        Ybar = self(turned(X), Zbar)
        return Ybar if y.ndim > 1 else Reshape((*stack, *y.shape))(Ybar)

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [(self if finite(args[1 - i]) else ChainMatMul()).transpose_of(i, zbar, *args) for i in wanted]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        x, y = args
        xrank, yrank = x.ndim - which[0], y.ndim - which[1]
        if not which[1] and yrank <= 2:
            return self(x, y)
        if not which[0] and xrank <= 2 and yrank == 1:
            return self(y, x if xrank == 1 else turned(x))
        if xrank == yrank == 1:
            return contract(x, "bk", y, "bk", "b", self.einsum)
        rank = max(xrank, yrank, 2)
        z = self(raised_to(x, rank, which[0], rows), raised_to(y, rank, which[1], columns))
        if xrank == 1:
            return Reshape((*z.shape[:-2], z.shape[-1]))(z)
        return z if yrank > 1 else Reshape(z.shape[:-1])(z)


@frozen(eq=False, repr=False)
class ChainMatMul(MatMul):
    """Z = X Y where 0·∞ = 0, as in `kinds.Chain`."""

    hides: ClassVar[bool] = True
    shares: ClassVar[Any] = Op.shares
    times: ClassVar[Any] = chain
    einsum: ClassVar[type[Einsum]] = ChainEinsum

    def __call__(self, x: Any, y: Any) -> Any:
        return Op.__call__(self, x, y)

    def run(self, x: Any, y: Any) -> Any:
        return chained(np.matmul, x, y)


def rows(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a left factor as a matrix: a vector is one row."""
    return shape if len(shape) > 1 else (1, *shape)


def columns(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a right factor as a matrix: a vector is one column."""
    return shape if len(shape) > 1 else (*shape, 1)


def matrix(a: Any, form: Any) -> Any:
    """A factor as a matrix: `rows` of a left one, `columns` of a right one."""
    return a if a.ndim > 1 else Reshape(form(a.shape))(a)


def raised_to(a: Any, rank: int, has_batch: bool, form: Any) -> Any:
    """A factor as a matrix whose items have `rank` axes, with the batch in front if there is one."""
    if not has_batch:
        return matrix(a, form)
    item = form(a.shape[1:])
    shape = (a.shape[0], *(1,) * (rank - len(item)), *item)
    return a if shape == a.shape else Reshape(shape)(a)


def matched_core(name: str, signature: str, x: Any, y: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of both factors as matrices; where they do not fit, NumPy's own words."""
    for i, a in enumerate((x, y)):
        if not a.shape:
            raise ValueError(
                f"{name}: Input operand {i} does not have enough dimensions "
                f"(has 0, gufunc core with signature {signature} requires 1)"
            )
    one, two = rows(x.shape), columns(y.shape)
    if one[-1] != two[-2]:
        raise ValueError(
            f"{name}: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature {signature} "
            f"(size {two[-2]} is different from {one[-1]})"
        )
    return one, two


matmul = MatMul()
