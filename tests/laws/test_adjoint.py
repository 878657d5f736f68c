"""Re⟨ȳ, J ẋ⟩ = Re⟨Jᵀ ȳ, ẋ⟩: the pullback is the transpose of the pushforward."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import jvp, vjp
from tests.laws.cases import cases, differentiable, dot, over, size


@over(differentiable, "float64", "complex128")
@given(data=st.data())
def test_pullback_is_the_transpose_of_pushforward(record, dtype, data):
    case = data.draw(cases(record, dtype))
    xdot = case.like(case.args)
    y, ydot = jvp(case.f, case.args, xdot)
    _, pull = vjp(case.f, *case.args)
    ybar = case.like(y)
    xbar = pull(ybar)
    np.testing.assert_allclose(dot(ybar, ydot), dot(xbar, xdot), rtol=0, atol=1e-9 * size((ydot, xbar)))
