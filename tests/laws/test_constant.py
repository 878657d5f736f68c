"""J = 0 where f is locally constant: rounding, comparisons, positions. Its answers have the dtype of the plain ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import grad, jvp, tree, vjp
from tests.laws.cases import cases, close, over

constant = over(lambda record: record.constant, "float64")


@constant
@given(data=st.data())
def test_derivatives_of_constant_functions_are_zero(record, dtype, data):
    case = data.draw(cases(record, dtype))
    y, ydot = jvp(case.f, case.args, case.like(case.args))
    _, pull = vjp(case.f, *case.args)
    xbar = pull(tree.map(np.ones_like, case.value))
    close(y, case.value, 0)
    for values, dots in ((y, ydot), (case.args, xbar)):
        for value, derivative in zip(tree.leaves(values), tree.leaves(dots), strict=True):
            assert (np.shape(derivative), derivative.dtype) == (np.shape(value), value.dtype)
            assert not np.any(derivative)


@constant
@given(data=st.data())
def test_constant_functions_of_traced_values_may_be_used_as_weights(record, dtype, data):
    """∂ Σ c(x) Σ x / ∂x is what it would be with the numbers c(x) written in."""
    case = data.draw(cases(record, dtype))

    def weighted(x):
        return np.sum(x) * sum(np.sum(a * 1.0) for a in tree.leaves(case.f(x, *case.args[1:])))

    weight = sum(np.sum(a, dtype=float) for a in tree.leaves(case.value))
    close(grad(weighted)(case.args[0]), np.full(np.shape(case.args[0]), weight), 1e-12)
