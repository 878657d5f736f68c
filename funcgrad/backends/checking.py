"""Checking: which values show by a NaN that a product of the chain rule met 0·∞.

The quick program takes products of the chain rule as ordinary ones, in which 0·∞ and 0·NaN are NaN and not 0. It is
right if none of them holds a NaN. A NaN in one goes on through sums, products and analytic functions: through each
operation that `carries`, at least one element of the answer is a NaN if one of an argument is. So it is enough to look
at one value downstream of each product; where none follows but operations that may drop a NaN (choices, comparisons,
indices), at the product itself.
"""

from collections.abc import Collection, Sequence

import numpy as np

from funcgrad.backends.numbering import Ask, Values, bytes_of
from funcgrad.graph.graph import Constant
from funcgrad.graph.op import Op, Weakness
from funcgrad.primitives.contracting import ChainEinsum, ChainMatMul, Einsum, MatMul
from funcgrad.primitives.indexing import Scatter
from funcgrad.primitives.kinds import Chain, Expand, Pointwise, Sum
from funcgrad.primitives.pointwise import Conjugate, PowerBy, Select, add, mul, neg, sub
from funcgrad.primitives.shaping import Cast, Concatenate, Reshape, Stack, Transpose

#: Products of the chain rule.
CHAINED = (Chain, ChainEinsum, ChainMatMul)
#: Operations that keep every element of their arguments, or add all up.
LINEAR = (Sum, Expand, Reshape, Transpose, Concatenate, Stack, Scatter, MatMul, Einsum, Conjugate, Weakness)
#: Operations that add up, and those that keep a zero's sign.
SUMS = (Sum, MatMul, Einsum, Scatter)
KEEPING = (Chain, Expand, Reshape, Transpose, Weakness)
#: Sums and products of numbers.
PRODUCTS = (add, sub, mul, neg)
#: Functions that are NaN where one argument is.
ANALYTIC = {
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.absolute, np.square, np.sqrt, np.cbrt,
    np.reciprocal, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin,
    np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.maximum, np.minimum,
}  # fmt: skip


def carries(op: Op) -> bool:
    """Whether a NaN among the arguments is one in the answer."""
    if isinstance(op, Pointwise):
        return op.ufunc in ANALYTIC
    if isinstance(op, PowerBy):
        return bool(op.exponent != 0)
    if isinstance(op, Cast):
        return op.dtype.kind in "fc"
    return isinstance(op, LINEAR)


def masks(values: Values, order: Sequence[int | Ask], answers: Collection[int]) -> set[int]:
    """The choices `where(c, x, 0)` that the quick program takes as products c·x, which cost a fifth.

    Where x is infinite or NaN and not chosen, the product is NaN and so is seen. Where x is negative and not chosen, it
    is -0.0: so all that is made of it must be sums of products, in which the sign of a zero is lost or at least does
    not become that of an infinity.
    """
    lines = [number for number in order if not isinstance(number, Ask)]
    asked = {item.number for item in order if isinstance(item, Ask)}
    if not any([isinstance(values.made[number].step.op, Select) for number in lines]):
        return set()
    users: dict[int, list[int]] = {}
    for number in lines:
        for arg in values.made[number].args:
            users.setdefault(arg, []).append(number)
    added: set[int] = set()  # the sign of a zero among these, which are sums, does not matter
    multiplied: set[int] = set()  # nor among these, which go into such sums
    for number in reversed(lines):
        if number in asked:
            continue
        ops = [(user, values.made[user].step.op) for user in users.get(number, [])]
        if all([user in added and (op in PRODUCTS or isinstance(op, SUMS + KEEPING)) for user, op in ops]):
            added.add(number)
        summed = [(user in added and isinstance(op, SUMS)) or (user in added and op in (add, sub)) for user, op in ops]
        kept = [user in multiplied and (op == mul or isinstance(op, (Chain, *KEEPING))) for user, op in ops]
        if number not in answers and all([a or b for a, b in zip(summed, kept, strict=True)]):
            multiplied.add(number)
    return {number for number in multiplied if masking(values, number)}


def masking(values: Values, number: int) -> bool:
    """Whether a value is an array x where c is true, else 0."""
    line = values.made[number]
    if not isinstance(line.step.op, Select):
        return False
    c, x, y = line.args
    kind, zero = values.kind(x), values.types[y]
    known = isinstance(zero, Constant) and values.kind(y).shape == () and zero.value == 0
    return bool(
        known and values.kind(c).dtype == bool and kind.dtype.kind == "f" and not kind.weak and line.step.type.shape
        and kind.dtype == line.step.type.dtype
    )  # fmt: skip


def checked(values: Values, order: Sequence[int | Ask], suspects: Collection[int]) -> set[int]:
    """The values of straight-line code to be looked at for NaNs of `suspects`, as few and small as is easily found."""
    lines = [number for number in order if not isinstance(number, Ask)]
    if not any([number in suspects for number in lines]):
        return set()
    users: dict[int, list[int]] = {}
    for number in lines:
        line = values.made[number]
        if carries(line.step.op) and bytes_of(line.step.type):
            for arg in line.args:
                users.setdefault(arg, []).append(number)
    found: set[int] = set()
    shown: set[int] = set()
    sink: dict[int, int] = {}
    for number in reversed(lines):
        after = users.get(number, [])
        sink[number] = min([sink[one] for one in after] or [number], key=lambda one: bytes_of(values.kind(one)))
        if any([one in shown for one in after]):
            shown.add(number)
        elif number in suspects and bytes_of(values.kind(number)):
            found.add(sink[number])
            walk = [number]
            while walk:
                one = walk.pop()
                if one not in shown:
                    shown.add(one)
                    walk.extend([user for user in users.get(one, []) if sink[user] == sink[number]])
    return found
