"""staged f = eager f: a batch of one, a linear program made once, and plain evaluation all give the same numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import jvp, linearize, vjp, vmap
from tests.laws.cases import cases, close, differentiable, every, over, stacked


@over(every, "float64", "complex128")
@given(data=st.data())
def test_a_batch_of_one_is_the_thing_itself(record, dtype, data):
    case = data.draw(cases(record, dtype))
    batch = tuple(np.asarray(a)[None] for a in case.args)
    close(vmap(case.f)(*batch), stacked([case.value]), 1e-12)


@over(differentiable, "float64")
@given(data=st.data())
def test_linear_programs_are_what_they_are_made_of(record, dtype, data):
    """`linearize` stages the pushforward, vmap of a pullback stages that: rules run on values not known yet."""
    case = data.draw(cases(record, dtype))
    y, push = linearize(case.f, *case.args)
    _, pull = vjp(case.f, *case.args)
    dots, bars = [case.like(case.args) for _ in range(2)], [case.like(y) for _ in range(2)]
    pushed = [jvp(case.f, case.args, xdot)[1] for xdot in dots]
    close([push(*xdot) for xdot in dots], pushed, 1e-11, "linearize")
    close(vmap(push)(*stacked(dots)), stacked(pushed), 1e-11, "vmap of linearize")
    close(vmap(pull)(stacked(bars)), stacked(list(map(pull, bars))), 1e-11, "vmap of a pullback")
