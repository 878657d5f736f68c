"""The catalogue leaves out no operation: what has no record is covered by no law."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from funcgrad import eval_shape, grad, tree, vmap
from funcgrad.graph.dispatch import complete
from funcgrad.graph.node import History, Node
from funcgrad.graph.op import Op
from funcgrad.primitives import kinds, pointwise
from tests.catalogue import RECORDS
from tests.laws.cases import cases


def operations(answer):
    """The operations that a tree of traced values is made of."""
    stack, seen = [a.history for a in tree.leaves(answer) if type(a) is Node], set()
    while stack:
        history = stack.pop()
        if history not in seen:
            seen.add(history)
            parts = [a.history if type(a) is Node else a for a in history.args]
            stack += [part for part in parts if type(part) is History]
    return {history.op for history in seen}


def used_by(record, dtype):
    """The operations of a few cases of a record: of its function, its batch rule and its derivatives."""
    found = set()

    def collected(f):
        def g(*args):
            answer = f(*args)
            found.update(operations(answer))
            return answer

        return g

    @settings(max_examples=4, database=None, phases=[Phase.generate])
    @given(case=cases(record, dtype))
    def collect(case):
        eval_shape(collected(case.f), *case.args)
        eval_shape(collected(vmap(case.f)), *[np.asarray(a)[None] for a in case.args])
        if not record.constant:
            energy = lambda *args: sum(np.sum(np.real(y * y)) for y in tree.leaves(case.f(*args)))
            slope = lambda *args: sum(np.sum(np.real(bar * bar)) for bar in grad(energy, case.everything)(*args))
            eval_shape(collected(grad(slope)), *case.args)

    collect()
    return found


@pytest.fixture(scope="module")
def used():
    real = [used_by(record, "float64") for record in RECORDS]
    return set().union(*real, *[used_by(record, "complex128") for record in RECORDS if record.complex])


def subclasses(cls):
    return {cls}.union(*map(subclasses, cls.__subclasses__()))


def test_every_operation_has_a_record(used):
    """Classes that others derive from are none; those that hide infinities are used only where there are any.

    `Positions` is of indices that are not known; tests/unit/test_indexing.py has it.
    """
    complete()
    ours = {cls for cls in subclasses(Op) if cls.__module__.startswith("funcgrad.primitives")}
    classes = {cls for cls in ours if not cls.__subclasses__() and not getattr(cls, "hides", False)}
    assert sorted(cls.__name__ for cls in classes - set(map(type, used))) == ["Positions"]


def test_every_row_of_the_table_has_a_record(used):
    rows = {op.name for op in vars(pointwise).values() if isinstance(op, kinds.Pointwise)}
    assert sorted(rows - {op.name for op in used if isinstance(op, kinds.Pointwise)}) == []


def test_names_of_records_are_unique():
    assert [name for name, times in Counter(record.name for record in RECORDS).items() if times > 1] == []


def test_every_family_has_representatives():
    assert sum(record.representative for record in RECORDS) >= 30
