"""d³/dt³ f(x + t v): by pushing forward thrice, by pulling back thrice, by turns, and by a difference of the second."""

from hypothesis import given
from hypothesis import strategies as st

from funcgrad import grad, jvp
from tests.laws.cases import cases, close, halved, is_limit, moved, over


def pushed(g):
    return lambda t: jvp(g, (t,), (1.0,))[1]


@over(lambda record: record.smooth and not record.constant, "float64")
@halved
@given(data=st.data())
def test_third_derivatives_agree(record, dtype, data):
    case = data.draw(cases(record, dtype))
    v = case.like(case.args)
    g = lambda t: case.scalar(*moved(case.args, v, t))
    third = pushed(pushed(pushed(g)))(0.0)
    close(grad(grad(grad(g)))(0.0), third, 1e-8, "reverse thrice")
    close(grad(pushed(grad(g)))(0.0), third, 1e-8, "reverse, forward, reverse")
    is_limit(third, pushed(grad(g)), (0.0,), (1.0,), 2e-6, "difference of the second")
