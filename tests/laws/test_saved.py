"""A program is a value: read from JSON, unpickled, or pasted as text into another process, it computes the same."""

import pickle
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import Program, stage, tree, vjp
from tests.laws.cases import cases, every, halved, over


def alone(program):
    """The function of a program's text, run where nothing of funcgrad's is."""
    text, namespace = program.source(), {"__name__": "alone"}
    assert not re.search("(from|import) funcgrad|funcgrad[.]", text)
    exec(compile(text, "<alone>", "exec"), namespace)
    return namespace[program.signature.name.replace("<", "").replace("lambda>", "lambda_")]


def same(got, wanted):
    """Bit for bit, types included."""
    for one, other in zip(tree.leaves(got), tree.leaves(wanted), strict=True):
        assert type(one) is type(other)
        assert np.asarray(one).dtype == np.asarray(other).dtype
        np.testing.assert_array_equal(one, other)


@over(every, "float64", "float32", "complex128")
@halved
@given(data=st.data())
def test_a_program_survives_where_its_source_is_not(record, dtype, data):
    """The program of a function and of its pullback."""
    case = data.draw(cases(record, dtype))
    zbar = case.like(case.value)

    def both(*args):
        z, pullback = vjp(case.f, *args)
        return z, pullback(zbar)

    with np.errstate(all="ignore"):
        program = stage(case.f if record.constant else both)(*case.args)
        wanted = program(*case.args)
        read, unpickled = Program.from_json(program.to_json()), pickle.loads(pickle.dumps(program))
        assert read == unpickled == program
        assert read.digest == unpickled.digest == program.digest
        same(read(*case.args), wanted)
        same(alone(program)(*case.args), wanted)
        cost = program.cost()
        assert cost.operations >= 0
        assert cost.bytes_moved >= cost.peak_memory or not program.graph.steps
