"""J (u + 2 v) = J u + 2 J v, and Jᵀ (a + 2 b) = Jᵀ a + 2 Jᵀ b: both modes are linear, also as programs.

So each is the transpose of the other: linear_transpose(J) = Jᵀ and linear_transpose(Jᵀ) = J.
"""

from hypothesis import given
from hypothesis import strategies as st

from funcgrad import linear_transpose, linearize, tree, vjp
from tests.laws.cases import cases, close, differentiable, over


def combined(one, other):
    """one + 2 · other."""
    return tree.map(lambda a, b: a + 2 * b, one, other)


@over(differentiable, "float64", "complex128")
@given(data=st.data())
def test_both_modes_are_linear_and_transposes_as_programs(record, dtype, data):
    case = data.draw(cases(record, dtype))
    y, push = linearize(case.f, *case.args)
    _, pull = vjp(case.f, *case.args)
    u, v, a, b = case.like(case.args), case.like(case.args), case.like(y), case.like(y)
    close(push(*combined(u, v)), combined(push(*u), push(*v)), 1e-10, "pushforward")
    close(pull(combined(a, b)), combined(pull(a), pull(b)), 1e-10, "pullback")
    close(linear_transpose(push, *case.args)(a), pull(a), 1e-10, "transpose of the pushforward")
    close(linear_transpose(pull, y)(u), (push(*u),), 1e-10, "transpose of the pullback")
