"""J ẋ = lim (f(x + h ẋ) - f(x - h ẋ)) / 2h: a pushforward is what moving the arguments does."""

from hypothesis import given
from hypothesis import strategies as st

from funcgrad import jvp
from tests.laws.cases import cases, close, differentiable, is_limit, over


@over(differentiable, "float64", "complex128")
@given(data=st.data())
def test_pushforward_is_the_limit_of_differences(record, dtype, data):
    case = data.draw(cases(record, dtype))
    xdot = case.like(case.args)
    y, ydot = jvp(case.f, case.args, xdot)
    close(y, case.value, 1e-12, "value")
    is_limit(ydot, case.f, case.args, xdot, 2e-7, "derivative")
