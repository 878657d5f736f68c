"""Type, Op, Node and Graph as values."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.errors import EscapedNode, UnknownValue
from funcgrad.graph.graph import Constant
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import Expand, Sum
from funcgrad.primitives.pointwise import PowerBy, mul
from funcgrad.primitives.shaping import Cast, Reshape
from funcgrad.transforms.staging import graph_of


def seen(f, *args):
    """The node that f makes of its arguments, looked at while the call runs."""
    found = []
    fg.vjp(lambda *xs: found.append(f(*xs)) or 0.0, *args)
    return found[0]


def test_a_type_is_a_value():
    assert Type((2, 3), np.dtype("f4")) == Type((2, 3), np.dtype("float32"))
    assert Type((2,), np.dtype("f4")) != Type((2,), np.dtype("f8"))
    assert type_of(2.0).weak
    assert not type_of(np.float64(2.0)).weak
    assert repr(Type((2, 3), np.dtype("f4"))) == "float32[2,3]"
    assert type_of(np.ones((2, 0))) == Type((2, 0), np.dtype("f8"))


@pytest.mark.parametrize("value", [0.0, -0.0, 1, True, 1.0, float("nan"), 2, complex(1), "1", None])
def test_operations_tell_their_fields_apart_to_the_last_bit(value):
    others = [0.0, -0.0, 1, True, 1.0, float("nan"), 2, complex(1), "1", None]
    equal = [PowerBy(other) == PowerBy(value) for other in others]
    assert equal.count(True) == 1
    assert PowerBy(value) == PowerBy(copy.copy(value))
    assert hash(PowerBy(value)) == hash(PowerBy(value))


def test_equal_operations_are_one():
    assert Sum((0, 1)) == Sum((0, 1)) != Sum((1,))
    assert Sum((0,)) != Expand((3,), (0,))
    assert Reshape((2, 3)).digest == Reshape((2, 3)).digest != Reshape((3, 2)).digest
    assert Cast(np.dtype("f4")) == Cast(np.dtype("float32"))
    assert len({Sum((0,)), Sum((0,)), Sum((1,))}) == 2


def test_everything_is_frozen():
    node = seen(lambda x: x * x, 3.0)
    for thing, name in [
        (node, "value"),
        (node.history, "args"),
        (node.history, "calls"),
        (mul, "ufunc"),
        (Type((), np.dtype("f8")), "shape"),
    ]:
        with pytest.raises(AttributeError):
            setattr(thing, name, 1)


def test_a_node_is_equal_to_itself_and_is_its_own_copy():
    node = seen(lambda x: x * x, 3.0)
    assert copy.copy(node) is node
    assert copy.deepcopy([node])[0] is node
    assert len({node, node}) == 1
    with pytest.raises(EscapedNode, match=r"cannot be pickled.*x\.value"):
        pickle.dumps(node)


def test_history_keeps_only_what_its_rule_reads():
    node = seen(lambda x: x + np.ones(1000), np.ones(1000))
    assert type(node.history.answer) is Type
    assert [type(a).__name__ for a in node.history.args] == ["History", "Type"]
    product = seen(lambda x: x * np.full(1000, 2.0), np.ones(1000))
    assert [type(a).__name__ for a in product.history.args] == ["History", "ndarray"]
    power = seen(lambda x: np.exp(x), np.ones(1000))
    assert power.history.answer is power.value
    assert type(power.history.args[0]).__name__ == "History"


def test_what_a_node_holds_is_read_only():
    node = seen(lambda x: x * 2.0, np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        node.value[0] = 5.0


def test_a_graph_is_a_value():
    one = graph_of(lambda x, y: np.sin(x) * y + 1.0, np.ones(3), 2.0)
    two = graph_of(lambda a, b: np.sin(a) * b + 1.0, np.zeros(3), 5.0)
    assert one == two
    assert hash(one) == hash(two)
    assert one.digest == two.digest
    assert one != graph_of(lambda x, y: np.sin(x) * y + 2.0, np.ones(3), 2.0)
    assert one != graph_of(lambda x, y: np.sin(x) * y + 1.0, np.ones(4), 2.0)
    np.testing.assert_array_equal(one(np.arange(3.0), 2.0)[0], np.sin(np.arange(3.0)) * 2.0 + 1.0)


def test_constants_are_told_apart_by_every_bit():
    assert Constant(np.array([0.0])) != Constant(np.array([-0.0]))
    assert Constant(np.array([1.0], "f4")) != Constant(np.array([1.0]))
    assert Constant(np.array([np.nan])) == Constant(np.array([np.nan]))
    assert Constant(1) != Constant(1.0) != Constant(True)


def test_the_digest_is_the_same_in_another_process():
    code = (
        "import numpy as np; from funcgrad.transforms.staging import graph_of;"
        "print(graph_of(lambda x: np.sum(np.exp(x) * np.arange(3.0)) ** 2, np.ones(3)).digest)"
    )
    mine = graph_of(lambda x: np.sum(np.exp(x) * np.arange(3.0)) ** 2, np.ones(3)).digest
    for seed in ("0", "1"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**__import__("os").environ, "PYTHONHASHSEED": seed},
        )
        assert run.stdout.strip() == mine


def test_a_graph_prints_as_straight_line_code():
    assert repr(graph_of(lambda x: (x * x) * x, 1.0)) == (
        "v0: weak float64\nv1 = multiply(v0, v0)\nv2 = multiply(v1, v0)\nreturn v2"
    )


def test_a_graph_runs_under_every_transform():
    graph = graph_of(lambda x: np.sin(x) * x, 1.0)
    slope = np.cos(2.0) * 2.0 + np.sin(2.0)
    assert fg.grad(lambda x: graph(x)[0])(2.0) == pytest.approx(slope)
    np.testing.assert_allclose(fg.vmap(lambda x: graph(x)[0])(np.array([2.0, 3.0])), np.sin([2.0, 3.0]) * [2.0, 3.0])


def test_a_graph_closes_over_nothing_that_is_still_running():
    with pytest.raises(EscapedNode, match="no closed graph"):
        fg.grad(lambda w: graph_of(lambda x: x * w, 1.0)(2.0)[0])(3.0)


def test_staging_asks_no_truth():
    with pytest.raises(UnknownValue, match=r"The truth of x > 0 is not known while graph_of traces"):
        graph_of(lambda x: x if x > 0 else -x, 1.0)
