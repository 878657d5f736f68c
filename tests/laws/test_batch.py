"""vmap(f)(xs) = stack of f(x) for x in xs: over any axis, with arguments shared, twice, empty, and of derivatives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import eval_shape, grad, jvp, tree, vmap
from tests.laws.cases import cases, close, differentiable, every, moved, over, stacked


def items_like(case, count):
    """`count` tuples of arguments, each other numbers of the same domain: the same ones in another order, or nearby."""
    items = [case.args]
    while len(items) < count:
        shuffled = tuple(case.rng.permutation(np.ravel(a)).reshape(np.shape(a))[()] for a in case.args)
        near = moved(case.args, case.like(case.args), 0.01)
        items.append(shuffled if defined(case.f, shuffled) else near)
    return items


def defined(f, args):
    """Whether f has finite answers: a matrix with its entries in another order may have no inverse."""
    try:
        with np.errstate(all="ignore"):
            return all(np.all(np.abs(a) < 1e3) for a in tree.leaves(f(*args)))
    except np.linalg.LinAlgError:
        return False


@over(every, "float64")
@given(data=st.data())
def test_vmap_is_a_loop_and_a_stack(record, dtype, data):
    """Each argument is shared, or mapped over an axis of its own; the batch is any axis of the answer."""
    case = data.draw(cases(record, dtype))
    axes = [data.draw(st.sampled_from([None, *range(-np.ndim(a) - 1, np.ndim(a) + 1)])) for a in case.args]
    if axes.count(None) == len(axes):
        axes[0] = 0
    items = [
        tuple(one if axis is None else own for own, one, axis in zip(item, case.args, axes, strict=True))
        for item in items_like(case, 3)
    ]
    columns = zip(zip(*items, strict=True), axes, strict=True)
    batch = [column[0] if axis is None else np.stack(column, axis) for column, axis in columns]
    rank = min(np.ndim(a) for a in tree.leaves(case.value))
    out = data.draw(st.integers(-rank - 1, rank))
    want = stacked([case.f(*item) for item in items], out)
    close(vmap(case.f, in_axes=tuple(axes), out_axes=out)(*batch), want, 1e-10, f"in_axes={axes}, out_axes={out}")


@over(every, "float64")
@given(data=st.data())
def test_vmap_in_vmap_and_vmap_of_nothing(record, dtype, data):
    """The first argument varies with the outer index, the others with the inner one; one alone varies with both."""
    case = data.draw(cases(record, dtype))
    one, two, three = items_like(case, 3)
    if len(case.args) == 1:
        pairs = [[one, two], [two, three]]
        got = vmap(vmap(case.f))(*stacked([stacked(pair) for pair in pairs]))
        want = [[case.f(*item) for item in pair] for pair in pairs]
    else:
        inner = lambda first, others: vmap(lambda *rest: case.f(first, *rest))(*others)
        got = vmap(inner, in_axes=(0, None))(np.stack([one[0], three[0]]), stacked([one[1:], two[1:]]))
        want = [[case.f(first, *rest) for rest in (one[1:], two[1:])] for first in (one[0], three[0])]
    close(got, stacked(list(map(stacked, want))), 1e-10)

    empty = vmap(case.f)(*[np.zeros((0, *np.shape(a)), a.dtype) for a in case.args])
    for a, kind in zip(tree.leaves(empty), tree.leaves(eval_shape(case.f, *case.args)), strict=True):
        assert (a.shape, a.dtype) == ((0, *kind.shape), kind.dtype)


@over(differentiable, "float64")
@given(data=st.data())
def test_vmap_of_derivatives_and_derivatives_of_vmap(record, dtype, data):
    """∂ Σᵢ ⟨w, f(xᵢ)⟩ is the stack of the ∂⟨w, f(xᵢ)⟩, and what a shared argument gets is their sum."""
    case = data.draw(cases(record, dtype))
    items = items_like(case, 2)
    tangents = [case.like(case.args) for _ in items]
    push = lambda x, v: jvp(case.f, x, v)[1]
    separate = stacked([case.gradient(*item) for item in items])
    total = lambda axes: lambda *batch: np.sum(vmap(case.scalar, in_axes=axes)(*batch))
    close(vmap(case.gradient)(*stacked(items)), separate, 1e-9, "vmap of gradients")
    close(grad(total(0), case.everything)(*stacked(items)), separate, 1e-9, "gradient of vmap")
    want = stacked(list(map(push, items, tangents)))
    close(vmap(push)(stacked(items), stacked(tangents)), want, 1e-9, "vmap of tangents")
    close(push_of_vmap(case.f, stacked(items), stacked(tangents)), want, 1e-9, "tangents of vmap")
    if len(case.args) > 1:
        first, rest = case.args[0], [item[1:] for item in items]
        shared = grad(total((None, *[0] * len(rest[0]))))(first, *stacked(rest))
        close(shared, sum(case.gradient(first, *others)[0] for others in rest), 1e-9, "gradient of a shared argument")


def push_of_vmap(f, batch, tangents):
    return jvp(vmap(f), batch, tangents)[1]
