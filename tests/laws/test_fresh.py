"""memory(results) ∩ memory(everything else) = ∅: what a transform returns is writeable and its own."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import jvp, linearize, tree, vjp, vmap
from tests.laws.cases import cases, every, over, stacked


def arrays(values):
    return [a for a in tree.leaves(values) if type(a) is np.ndarray]


@over(every, "float64")
@given(data=st.data())
def test_results_of_transforms_are_fresh(record, dtype, data):
    case = data.draw(cases(record, dtype))
    xdot, batch = case.like(case.args), stacked([case.args] * 2)
    _, pull = vjp(case.f, *case.args)
    _, push = linearize(case.f, *case.args)
    ybar = tree.map(np.ones_like, case.value)
    givens = arrays((case.args, xdot, ybar, batch))
    results = arrays((
        jvp(case.f, case.args, xdot), pull(ybar), pull(ybar), push(*xdot), push(*xdot), vmap(case.f)(*batch),
        () if record.constant else case.gradient(*case.args),
    ))  # fmt: skip
    assert all(a.flags.writeable for a in results)
    assert not any(np.may_share_memory(a, b) for a in results for b in givens)
    assert not any(np.may_share_memory(a, b) for a, b in combinations(results, 2))
