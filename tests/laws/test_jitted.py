"""jit(f) = f: the program has the numbers, the types and the derivatives of what it was traced from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import jit, jvp, tree, vjp
from funcgrad.backends.interpreting import interpreted
from tests.laws.cases import cases, close, differentiable, every, over


def alike(got, wanted):
    """The same shapes, dtypes and numbers, and arrays that can be written and that share nothing."""
    for one, other in zip(tree.leaves(got), tree.leaves(wanted), strict=True):
        assert np.shape(one) == np.shape(other)
        assert np.asarray(one).dtype == np.asarray(other).dtype
        assert not isinstance(one, np.ndarray) or one.flags.writeable
    close(got, wanted, 1e-11)


@over(every, "float64", "float32", "complex128")
@given(data=st.data())
def test_a_program_is_its_function(record, dtype, data):
    """On the numbers that it was traced with, and on others."""
    case = data.draw(cases(record, dtype))
    jitted = jit(case.f)
    with np.errstate(all="ignore"):
        close(jitted(*case.args), case.value, 1e-5 if dtype == "float32" else 1e-11)
        got = jitted(*case.args)
        assert [np.asarray(y).dtype for y in tree.leaves(got)] == [np.asarray(y).dtype for y in tree.leaves(case.value)]
        assert all(not isinstance(y, np.ndarray) or y.flags.writeable for y in tree.leaves(got))
        close(got, case.value, 1e-5 if dtype == "float32" else 1e-11)
        interpreted_too = jit(case.f, backend=interpreted)
        close([interpreted_too(*case.args) for _ in range(2)], [got, got], 1e-5 if dtype == "float32" else 1e-11)


@over(differentiable, "float64")
@given(data=st.data())
def test_derivatives_stage_and_programs_differentiate(record, dtype, data):
    case = data.draw(cases(record, dtype))
    y, pull = vjp(case.f, *case.args)
    ybar, xdot = case.like(y), case.like(case.args)
    wanted = pull(ybar)
    staged = jit(lambda args, ybar: vjp(case.f, *args)[1](ybar))
    alike(staged(case.args, ybar), wanted)
    alike(staged(case.args, ybar), wanted)
    alike(vjp(jit(case.f), *case.args)[1](ybar), wanted)
    close(jvp(jit(case.f), case.args, xdot)[1], jvp(case.f, case.args, xdot)[1], 1e-11)
