"""⟨u, H v⟩ = ⟨H u, v⟩, and every order of modes gives the same H v.

∂(∂f · v) = ∂⟨∂f, v⟩ = lim (∂f(x + hv) - ∂f(x - hv)) / 2h.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import grad, jvp
from tests.laws.cases import cases, close, differentiable, dot, is_limit, over, size


@over(differentiable, "float64", "complex128")
@given(data=st.data())
def test_hessians_are_symmetric_and_of_one_value_in_every_mode(record, dtype, data):
    case = data.draw(cases(record, dtype))
    u, v = case.like(case.args), case.like(case.args)
    _, Hu = jvp(case.gradient, case.args, u)
    _, Hv = jvp(case.gradient, case.args, v)
    reverse_over_reverse = grad(lambda *args: dot(v, case.gradient(*args)), case.everything)(*case.args)
    reverse_over_forward = grad(lambda *args: jvp(case.scalar, args, v)[1], case.everything)(*case.args)
    np.testing.assert_allclose(dot(u, Hv), dot(v, Hu), rtol=0, atol=1e-9 * size((Hu, Hv)))
    close(reverse_over_reverse, Hv, 1e-9, "reverse over reverse")
    close(reverse_over_forward, Hv, 1e-9, "reverse over forward")
    is_limit(Hv, case.gradient, case.args, v, 1e-6, "difference of gradients")
