"""Taylor's coefficients are the nested derivatives divided by k!; a sparse Jacobian is the dense one."""

from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funcgrad import jacobian, jvp, taylor, tree
from tests.laws.cases import cases, close, moved, over

ORDER = 3


@over(lambda record: record.smooth and record.representative, "float64")
@settings(max_examples=3)
@given(data=st.data())
def test_coefficients_are_nested_derivatives(record, dtype, data):
    case = data.draw(cases(record, dtype))
    v = case.like(case.args)
    g = lambda t: case.scalar(*moved(case.args, v, t))
    got, pushed = taylor(g, 0.0, ORDER), g
    for k in range(ORDER + 1):
        close(got[k], jvp(pushed, (0.0,), (1.0,))[0] / factorial(k), 1e-8, f"coefficient {k}")
        pushed = lambda t, g=pushed: jvp(g, (t,), (1.0,))[1]


def real(a):
    return np.asarray(a).dtype.kind == "f"


@over(lambda record: record.representative and not record.constant, "float64")
@settings(max_examples=3)
@given(data=st.data())
def test_sparse_jacobians_are_dense_ones(record, dtype, data):
    """An element that the pattern leaves out would be missing, or would be added to another."""
    pytest.importorskip("scipy")
    case = data.draw(cases(record, dtype))
    moving = tuple([i for i, a in enumerate(case.args) if real(a)])
    f = lambda *args: [y for y in tree.leaves(case.f(*args)) if np.dtype(getattr(y, "dtype", float)).kind == "f"]
    ys = f(*case.args)
    if not moving or not ys:
        return
    sizes = [np.size(case.args[i]) for i in moving]
    dense = [
        np.hstack([np.reshape(block, (np.size(y), n)) for block, n in zip(blocks, sizes, strict=True)])
        for y, blocks in zip(ys, jacobian(f, moving)(*case.args), strict=True)
    ]
    close(jacobian(f, moving, sparse=True)(*case.args).toarray(), np.concatenate(dense), 1e-8, "sparse")
