"""type(f traced) = type(f plain), and type(∂f/∂x) = type(x): class, shape and dtype do not know of differentiation.

So float32 stays float32, NumPy's numbers stay NumPy's numbers, and `eval_shape` knows it all without the arithmetic.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import eval_shape, jvp, tree, vjp
from tests.laws.cases import cases, every, halved, over


def described(values):
    return [(np.shape(a), np.asarray(a).dtype.name) for a in tree.leaves(values)]


@over(every, "float64", "float32", "complex128")
@halved
@given(data=st.data())
def test_tracing_changes_no_type(record, dtype, data):
    case = data.draw(cases(record, dtype))
    y, ydot = jvp(case.f, case.args, case.like(case.args))
    again, pull = vjp(case.f, *case.args)
    bars = pull(tree.map(np.ones_like, case.value))
    plain = described(case.value)
    assert tree.structure(y) == tree.structure(again) == tree.structure(case.value)
    assert list(map(type, tree.leaves(y))) == list(map(type, tree.leaves(case.value)))
    assert (described(y), described(again), described(ydot)) == (plain, plain, plain)
    assert [(t.shape, t.dtype.name) for t in tree.leaves(eval_shape(case.f, *case.args))] == plain
    assert described(bars) == described(case.args)
    if not record.constant:
        assert described(case.gradient(*case.args)) == described(case.args)
