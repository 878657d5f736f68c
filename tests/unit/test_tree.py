"""Trees: taking apart and putting together are inverse, whatever the containers; and each refusal's exact sentences."""

import copy
import dataclasses
import gc
import pickle
import weakref
from collections import Counter, OrderedDict, defaultdict, namedtuple
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import tree
from funcgrad.errors import TreeError
from funcgrad.tree import AttributeKey, DictKey, SequenceKey, Structure

Point = namedtuple("Point", ["x", "y"])


class Pair(NamedTuple):
    first: Any
    second: Any = None


@attrs.frozen
class Dense:
    w: Any
    b: Any
    act: str = attrs.field(default="relu", metadata={"static": True})


@attrs.define(slots=False)
class Private:
    _x: Any
    y: Any = attrs.field(init=False, default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    w: Any
    shape: Any = dataclasses.field(default=(), metadata={"static": True})


@dataclasses.dataclass
class Plain:
    w: Any
    b: Any = None


class Interval:
    def __init__(self, low, high, unit=None):
        self.low, self.high, self.unit = low, high, unit


class Ragged(list):
    """A subclass of list, which is a container only because it is registered."""


tree.register(Interval, lambda i: ((i.low, i.high), i.unit), lambda unit, ends: Interval(*ends, unit), ("low", "high"))
tree.register(Ragged, lambda r: (iter(r), None), lambda aux, children: Ragged(children))

NUMBERS = st.one_of(
    st.floats(-9, 9),
    st.integers(-9, 9),
    st.builds(np.full, st.sampled_from([(), (0,), (2,), (2, 3)]), st.floats(-9, 9)),
)
KEYS = st.one_of(
    st.text("abc", max_size=2), st.integers(-2, 2), st.tuples(st.integers(0, 1), st.text("ab", max_size=1))
)


def containers(child):
    pairs = st.lists(st.tuples(KEYS, child), max_size=4, unique_by=lambda pair: pair[0])
    return st.one_of(
        st.lists(child, max_size=3),
        st.lists(child, max_size=3).map(tuple),
        pairs.map(dict),
        pairs.map(OrderedDict),
        pairs.map(lambda entries: defaultdict(list, entries)),
        st.builds(Point, child, child),
        st.builds(Pair, child, child),
        st.builds(Dense, child, child, st.sampled_from(["relu", "tanh"])),
        st.builds(Private, child),
        st.builds(Layer, child, st.sampled_from([(), (2, 3)])),
        st.builds(Plain, child, child),
        st.builds(Interval, child, child, st.sampled_from([None, "m"])),
    )


TREES = st.recursive(st.none() | NUMBERS, containers, max_leaves=12)


def insides(value):
    """The parts of one container as a plain list, in the order they show themselves in; None for a leaf."""
    if isinstance(value, dict):
        return [*value, *value.values(), getattr(value, "default_factory", None)]
    if isinstance(value, list | tuple):
        return list(value)
    if type(value) in (Dense, Layer, Plain, Interval, Private):
        return [
            getattr(value, name)
            for name in ("w", "b", "act", "shape", "low", "high", "unit", "_x", "y")
            if hasattr(value, name)
        ]
    return None


def same(one, other):
    """Whether two trees are the same to the last detail, with the very same leaves."""
    parts, others = insides(one), insides(other)
    if parts is None or type(one) is not type(other):
        return one is other or (type(one) is str and one == other)
    return len(parts) == len(others) and all(same(a, b) for a, b in zip(parts, others, strict=True))


def refilled(value):
    """The same tree with its dicts filled in reverse."""
    if not isinstance(value, dict):
        return value
    entries = [(key, refilled(value[key])) for key in reversed(value)]
    return defaultdict(value.default_factory, entries) if isinstance(value, defaultdict) else type(value)(entries)


# ---- laws ----------------------------------------------------------------------------------------------------------
@given(TREES)
def test_putting_together_undoes_taking_apart(value):
    leaves, structure = tree.flatten(value)
    again = tree.unflatten(structure, leaves)
    assert same(again, value)
    assert same(structure.unflatten(iter(leaves)), value)
    assert again is not value or value is None or value == () or structure is tree.LEAF


@given(TREES)
def test_a_structure_is_what_is_left_of_a_tree(value):
    leaves, structure = tree.flatten(value)
    assert structure == tree.structure(value) == tree.structure(tree.map(lambda leaf: 0, value))
    assert hash(structure) == hash(tree.structure(value))
    assert structure.key == tree.structure(value).key
    assert len(leaves) == len(structure) == structure.num_leaves == repr(structure).count("*")
    assert leaves == [] or all(a is b for a, b in zip(leaves, tree.leaves(value), strict=True))
    assert pickle.loads(pickle.dumps(structure)) == structure == copy.deepcopy(structure)


@given(TREES)
def test_a_path_is_an_expression_that_leads_to_the_leaf(value):
    pairs, structure = tree.flatten_with_path(value)
    assert structure == tree.structure(value)
    for path, leaf in pairs:
        assert eval(tree.path_name(path, root="value"), {"value": value}) is leaf
    assert len({path for path, _ in pairs}) == len(pairs)


@given(
    st.dictionaries(KEYS, st.dictionaries(KEYS, NUMBERS)),
    st.sampled_from([dict, OrderedDict, lambda d: defaultdict(int, d)]),
)
def test_the_order_in_which_a_dict_was_filled_does_not_matter(value, make):
    value = make(value)
    other = refilled(value)
    leaves, structure = tree.flatten(value)
    assert all(a is b for a, b in zip(leaves, tree.leaves(other), strict=True))
    assert structure == tree.structure(other)
    assert hash(structure) == hash(tree.structure(other))
    assert repr(structure) == repr(tree.structure(other))
    assert list(tree.structure(other).unflatten(leaves)) == list(other)


@given(TREES)
def test_map_keeps_the_identity_and_compositions(value):
    assert same(tree.map(lambda leaf: leaf, value), value)
    steps = tree.map(lambda text: text + "!", tree.map(str, value))
    assert same(steps, tree.map(lambda leaf: f"{leaf}!", value))


@given(TREES)
def test_further_trees_of_map_may_go_deeper(value):
    structure = tree.structure(value)
    deep = tree.map(lambda leaf: [leaf, {"x": leaf}], value)
    assert structure.flatten_up_to(deep) == [[leaf, {"x": leaf}] for leaf in tree.leaves(value)]
    picked = tree.map(lambda leaf, inner, again: inner[1]["x"], value, deep, value)
    assert same(picked, value)


@given(st.lists(TREES, min_size=2, max_size=2))
def test_a_tree_fits_if_it_has_the_containers_of_the_structure(pair):
    one, other = pair
    structure = tree.structure(one)
    try:
        subtrees = structure.flatten_up_to(other)
    except TreeError:
        assert structure != tree.structure(other)
    else:
        assert tree.structure(structure.unflatten(subtrees)) == tree.structure(other)


@given(TREES)
def test_a_prefix_has_one_leaf_for_each_leaf_of_the_tree(value):
    count = tree.structure(value).num_leaves
    assert tree.broadcast_prefix(0, value) == [0] * count
    assert tree.broadcast_prefix(None, value) == [None] * count
    if count and value is not None:
        assert tree.broadcast_prefix([None, {"b": 1, "a": 0}], [value, {"a": value, "b": value}]) == (
            [None] * count + [0] * count + [1] * count
        )


@given(TREES)
def test_transposing_twice_is_the_identity(value):
    outer, inner = tree.structure([0, 0]), tree.structure(value)
    pair = [value, tree.map(lambda leaf: str(leaf), value)]
    turned = tree.transpose(outer, inner, pair)
    assert tree.structure(turned, is_leaf=lambda x: type(x) is list and len(x) == 2 and type(x[1]) is str) == inner
    back = tree.transpose(inner, outer, turned)
    assert [tree.leaves(part) for part in back][1] == tree.leaves(pair[1])
    assert same(back[0], value)


@given(TREES)
def test_ravel_and_back_is_the_identity(value):
    vector, unravel = tree.ravel(value)
    leaves = tree.leaves(value)
    assert vector.shape == (sum(np.size(leaf) for leaf in leaves),)
    assert vector.dtype == (np.result_type(*[np.asarray(leaf).dtype for leaf in leaves]) if leaves else np.float64)
    back = unravel(vector)
    assert tree.structure(back) == tree.structure(value)
    for was, now in zip(leaves, tree.leaves(back), strict=True):
        assert type(now) is type(was)
        assert np.shape(now) == np.shape(was)
        np.testing.assert_array_equal(now, was)
        assert not isinstance(now, np.ndarray) or (now.flags.writeable and not np.shares_memory(now, vector))


# ---- containers ----------------------------------------------------------------------------------------------------
def test_none_is_a_container_of_nothing():
    assert tree.flatten(None) == ([], tree.structure(None))
    assert tree.structure(None).unflatten([]) is None
    assert tree.leaves([None, 1.0], is_leaf=lambda x: x is None) == [None, 1.0]
    assert tree.structure(None) != tree.structure(())


@pytest.mark.parametrize("empty", [{}, [], (), OrderedDict(), defaultdict(int), None])
def test_empty_containers_are_told_apart(empty):
    leaves, structure = tree.flatten(empty)
    assert leaves == []
    assert type(structure.unflatten([])) is type(empty)
    others = [{}, [], (), OrderedDict(), defaultdict(int), None]
    assert [tree.structure(other) == structure for other in others].count(True) == 1


@pytest.mark.parametrize(
    "leaf",
    [1, 2.5, True, "text", np.ones(2), np.float32(1), {1, 2}, frozenset(), range(3), int, Counter("a"), object()],
)
def test_everything_else_is_a_leaf(leaf):
    assert tree.flatten(leaf)[0][0] is leaf
    assert tree.structure(leaf) is tree.LEAF
    assert tree.structure([leaf]) == tree.structure([0])


def test_subclasses_of_containers_are_leaves():
    class Mine(list):
        pass

    @attrs.define(slots=False)
    class Fields(dict):
        x: int = 1

    @dataclasses.dataclass
    class Failure(Exception):
        code: int = 1

    for leaf in (Mine([1.0]), Fields(), Failure()):
        assert tree.leaves(leaf)[0] is leaf


def test_a_default_dict_keeps_its_factory_and_an_ordered_dict_its_class():
    value = tree.map(lambda x: x, defaultdict(list, b=1, a=2))
    assert value["new"] == []
    assert tree.structure(defaultdict(list)) != tree.structure(defaultdict(dict))
    assert type(tree.map(lambda x: x, OrderedDict(b=1, a=2))) is OrderedDict


def test_rebuilt_dicts_keep_the_order_of_the_one_taken_apart():
    assert list(tree.map(lambda x: x, {"b": 1, "a": 2})) == ["b", "a"]
    assert tree.leaves({"b": 1, "a": 2}) == [2, 1]


def test_a_cache_tells_the_order_of_dicts_apart():
    one, other = tree.structure([{"b": 1, "a": 2}]), tree.structure([{"a": 1, "b": 2}])
    assert one == other
    assert one.key != other.key
    assert one.key == tree.structure([{"b": 3, "a": 4}]).key
    assert len({one.key, other.key, tree.structure([{"b": 0, "a": 0}]).key}) == 2


def test_keys_that_cannot_be_sorted_are_ordered_by_class_and_text():
    value = {"b": 0, 2: 1, None: 2, "a": 3, 1: 4, (0,): 5}
    assert tree.leaves(value) == tree.leaves(dict(reversed(value.items()))) == [2, 4, 1, 3, 0, 5]
    assert list(tree.map(lambda x: x, value)) == list(value)


def test_equality_tells_keys_and_static_parts_apart_by_class():
    assert tree.structure({1: 0.0}) != tree.structure({True: 0.0})
    assert tree.structure({1: 0.0}) != tree.structure({1.0: 0.0})
    for one, other in [(1, 1.0), (1, True), (0.0, -0.0), ((1, 2), (1, 2.0)), ("a", "b"), (None, 0), ((), ((),))]:
        assert tree.structure(Layer(0, one)) != tree.structure(Layer(0, other))
    nan = [tree.structure(Layer(0, float("nan"))) for _ in range(2)]
    assert nan[0] == nan[1]
    assert len(set(nan)) == 1
    assert tree.structure([0]) != "other"


def test_a_structure_is_readable():
    texts = {
        "*": 1.0,
        "{'b': *, 'w': [*, None]}": {"w": [1, None], "b": 2},
        "(*,)": (1,),
        "((), (*, *))": ((), (1, 2)),
        "OrderedDict('a': *)": OrderedDict(a=1),
        "defaultdict('a': *, default_factory=<class 'int'>)": defaultdict(int, a=1),
        "Point(x=*, y=[*])": Point(1, [2]),
        "Dense(w=*, b=None, act='relu')": Dense(1, None),
        "Private(_x=*, y=None)": Private(1),
        "Layer(w=*, shape=(2, 3))": Layer(1, (2, 3)),
        "Interval(low=*, high=*, aux='m')": Interval(0, 1, "m"),
        "Ragged(*, *)": Ragged([1, 2]),
    }
    assert {repr(tree.structure(value)): value for value in texts.values()} == texts


# ---- classes with fields -------------------------------------------------------------------------------------------
def test_a_rebuilt_object_runs_nothing_of_its_class():
    calls = []

    @attrs.frozen
    class Guarded:
        x: Any = attrs.field(
            converter=lambda x: calls.append("converter") or float(x), validator=lambda *a: calls.append("validator")
        )
        total: Any = attrs.field(init=False)

        def __attrs_post_init__(self):
            calls.append("post")
            object.__setattr__(self, "total", self.x + 1)

    @dataclasses.dataclass(frozen=True)
    class Checked:
        x: Any
        start: dataclasses.InitVar[int]
        total: Any = dataclasses.field(init=False, default=0)

        def __post_init__(self, start):
            calls.append("post")

    @attrs.define(on_setattr=attrs.setters.validate)
    class Watched:
        x: Any = attrs.field(validator=attrs.validators.instance_of(float))

    values = [Guarded(1), Checked(2.0, 3), Watched(4.0)]
    calls.clear()
    mapped = tree.map(str, values)
    assert calls == []
    assert (mapped[0].x, mapped[0].total) == ("1.0", "2.0")
    assert (mapped[1].x, mapped[1].total) == ("2.0", "0")
    assert mapped[2].x == "4.0"


def test_a_field_without_a_value_stays_without():
    @attrs.define
    class Lazy:
        x: Any
        cache: Any = attrs.field(init=False)
        note: Any = attrs.field(init=False, metadata={"static": True})

    again = tree.map(lambda x: 2 * x, Lazy(1))
    assert again.x == 2
    assert not hasattr(again, "cache")
    assert not hasattr(again, "note")
    filled = Lazy(1)
    filled.cache = 3
    assert tree.leaves(filled) == [1, 3]
    with pytest.raises(TreeError, match=r"At params\.cache the first has no value, the second an int\."):
        tree.map(lambda x, y: x, Lazy(1), filled)


def test_an_absent_value_is_one_even_after_pickling():
    assert pickle.loads(pickle.dumps(tree.ABSENT)) is tree.ABSENT
    assert copy.deepcopy(tree.ABSENT) is tree.ABSENT


def test_inherited_and_nested_fields_are_children():
    @attrs.frozen
    class Model(Dense):
        inner: Any = None

    model = Model(1, 2, "tanh", {"deep": Private(3)})
    assert [tree.path_name(path, "model") for path, _ in tree.leaves_with_path(model)] == [
        "model.w",
        "model.b",
        "model.inner['deep']._x",
    ]
    assert tree.map(lambda x: x, model) == model


def test_named_tuples_are_rebuilt_without_their_new():
    class Positive(Point):
        __slots__ = ()

        def __new__(cls, x, y):
            if x < 0:
                raise ValueError(x)
            return super().__new__(cls, x, y)

    value = tree.map(lambda x: -x, Positive(1, 2))
    assert type(value) is Positive
    assert value == (-1, -2)


def test_a_static_field_is_compared_and_hashed():
    assert tree.leaves(Dense(1, 2, "tanh")) == [1, 2]
    assert tree.structure(Dense(1, 2, "tanh")) != tree.structure(Dense(1, 2))
    assert tree.map(lambda x, y: x + y, Layer(1, [2]), Layer(3, [2])) == Layer(4, [2])


@pytest.mark.parametrize("static", [[2, 3], np.ones(2)])
def test_a_static_part_without_a_hash_is_refused_where_one_is_needed(static):
    with pytest.raises(TreeError) as error:
        hash(tree.structure([Layer(1, static)]))
    assert str(error.value) == (
        f"A static part of a tree cannot be hashed. It belongs to a Layer of 1 with shape={static!r}. "
        "Let it be a number, a string or a tuple; an array should not be static."
    )


def test_a_static_array_is_refused_where_it_is_compared():
    with pytest.raises(TreeError) as error:
        assert tree.structure(Layer(1, np.zeros(2))) == tree.structure(Layer(1, np.zeros(2)))
    assert str(error.value) == (
        "A static part of a tree cannot be compared. It belongs to a Layer of 1 with shape=array([0., 0.]). "
        "Let it be a number, a string or a tuple; an array should not be static."
    )


def test_what_is_known_of_a_class_does_not_keep_it_alive():
    def use():
        @attrs.frozen
        class Local:
            x: Any

        assert tree.map(lambda x: x, Local(1)) == Local(1)
        return weakref.ref(Local)

    reference = use()
    gc.collect()
    assert reference() is None


# ---- registered classes --------------------------------------------------------------------------------------------
def test_a_registered_class_is_a_container():
    assert tree.leaves([Interval(0.0, 1.0)]) == [0.0, 1.0]
    doubled = tree.map(lambda x: 2 * x, Interval(1, 2, "m"))
    assert (type(doubled), doubled.low, doubled.high, doubled.unit) == (Interval, 2, 4, "m")
    assert tree.structure(Interval(0, 1, "m")) != tree.structure(Interval(0, 1))
    assert type(tree.map(lambda x: x, Ragged([1]))) is Ragged
    assert tree.flatten_with_path(Ragged([1]))[0] == [((SequenceKey(0),), 1)]


def test_registering_returns_the_class_and_goes_before_its_fields():
    @tree.register_leaf
    @attrs.frozen
    class Unit:
        name: str

    @attrs.frozen
    class Swapped:
        x: Any
        y: Any

    assert tree.leaves(Unit("m")) == [Unit("m")]
    assert tree.leaves(Swapped(1, 2)) == [1, 2]
    assert tree.register(Swapped, lambda s: ((s.y, s.x), None), lambda aux, c: Swapped(*c[::-1])) is Swapped
    assert tree.leaves(Swapped(1, 2)) == [2, 1]
    assert tree.map(lambda x: x, Swapped(1, 2)) == Swapped(1, 2)


@pytest.mark.parametrize("cls", [Interval, dict, float, Structure])
def test_a_class_is_registered_once(cls):
    with pytest.raises(TreeError) as error:
        tree.register(cls, lambda x: ((), None), lambda aux, children: cls())
    assert str(error.value) == (
        f"{cls.__module__}.{cls.__qualname__} is registered already. Trees in use were taken apart by that rule. "
        "Register a class once, where it is defined."
    )


def test_a_registered_class_has_a_key_for_each_child():
    class Lopsided:
        pass

    tree.register(Lopsided, lambda x: ((1, 2), None), lambda aux, children: Lopsided(), keys=["one"])
    with pytest.raises(TreeError) as error:
        tree.leaves(Lopsided())
    assert str(error.value) == (
        f"{Lopsided.__qualname__} was registered with 1 keys. Its flatten gave 2 children. "
        "Register it with one key for each child, or without keys."
    )


def test_the_records_of_this_module_are_leaves():
    records = [DictKey("a"), SequenceKey(0), AttributeKey("a"), tree.structure([0])]
    assert tree.leaves(records) == records


# ---- keys ----------------------------------------------------------------------------------------------------------
def test_keys_are_small_records():
    keys = [DictKey("w"), SequenceKey(0), AttributeKey("bias")]
    assert list(map(str, keys)) == ["['w']", "[0]", ".bias"]
    assert list(map(repr, keys)) == ["DictKey('w')", "SequenceKey(0)", "AttributeKey('bias')"]
    assert (keys[0].key, keys[1].index, keys[2].name) == ("w", 0, "bias")
    assert DictKey(0) != SequenceKey(0)
    assert len({*keys, DictKey("w")}) == 3
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        keys[0].value = "v"


def test_path_names():
    value = {"dense1": {"w": 1}, "layers": [Dense(2, 3)], "ends": Point(4, Interval(5, 6))}
    assert [tree.path_name(path) for path, _ in tree.leaves_with_path(value)] == [
        "params['dense1']['w']",
        "params['ends'].x",
        "params['ends'].y.low",
        "params['ends'].y.high",
        "params['layers'][0].w",
        "params['layers'][0].b",
    ]
    assert tree.path_name(()) == "params"
    assert tree.path_name((), root="x") == "x"


# ---- functions of trees --------------------------------------------------------------------------------------------
def test_is_leaf_stops_the_descent():
    value = {"a": [1, 2], "b": (3, [4])}
    leaves, structure = tree.flatten(value, is_leaf=lambda x: type(x) is list)
    assert leaves == [[1, 2], 3, [4]]
    assert repr(structure) == "{'a': *, 'b': (*, *)}"
    assert tree.map(len, value, is_leaf=lambda x: type(x) in (list, tuple)) == {"a": 2, "b": 2}
    assert tree.flatten_with_path([1], is_leaf=lambda x: True) == ([((), [1])], tree.LEAF)
    assert tree.map_with_path(lambda path, x: (path, x), [1], is_leaf=lambda x: True) == ((), [1])


def test_map_of_several_trees():
    assert tree.map(lambda x, y, z: (x, y, z), [1, (2,)], [3, (4,)], [5, (6,)]) == [(1, 3, 5), ((2, 4, 6),)]
    assert tree.map(max, 1, 2) == 2
    named = tree.map_with_path(lambda path, x, y: (tree.path_name(path, "p"), x + y), {"a": 1}, {"a": 2})
    assert named == {"a": ("p['a']", 3)}


def test_map_takes_the_order_of_the_first_tree():
    assert list(tree.map(lambda x, y: x + y, {"b": 1, "a": 2}, {"a": 3, "b": 4}).items()) == [("b", 5), ("a", 5)]


def test_reduce():
    assert tree.reduce(lambda total, x: [*total, x], {"b": 1, "a": [2, 3]}, initializer=[]) == [2, 3, 1]
    assert tree.reduce(max, [3, (5, 4)]) == 5
    assert tree.reduce(lambda total, x: total, None, None) is None
    with pytest.raises(TypeError, match="empty"):
        tree.reduce(max, [])


def test_all():
    assert tree.all([]) is True
    assert tree.all({"a": [1, True]}) is True
    assert tree.all({"a": [1, 0]}) is False
    assert tree.all([[]], is_leaf=lambda x: x == []) is False


def test_transpose_finds_the_inner_structure():
    rows = {"p": (1, 2), "q": (3, 4)}
    assert tree.transpose(tree.structure({"p": 0, "q": 0}), None, rows) == ({"p": 1, "q": 3}, {"p": 2, "q": 4})
    assert tree.transpose(tree.structure([]), None, []) == []
    assert tree.transpose(tree.structure([]), tree.structure((0, 0)), []) == ([], [])


def test_a_prefix():
    args = ({"w": 1, "b": [2, 3]}, 4, None)
    assert tree.broadcast_prefix((0, None, None), args) == [0, 0, 0, None]
    assert tree.broadcast_prefix(({"w": 0, "b": None}, 1, 5), args) == [None, None, 0, 1]
    assert tree.broadcast_prefix((Dense(0, None), (1, 2)), (Dense(1, [2, 3]), (4, 5))) == [0, None, None, 1, 2]
    assert tree.broadcast_prefix([(0, 1), 2], [[3, 4], 5], is_leaf=lambda x: type(x) is tuple) == [(0, 1), (0, 1), 2]


# ---- errors of structure -------------------------------------------------------------------------------------------
MANY = dict.fromkeys("abcdefgh", 0)

DIFFERENCES = [
    ({"w": [1, 2]}, {"w": (1, 2)}, "params['w']", "a list of 2", "a tuple of 2"),
    ([1, [2, 3]], [1, [2]], "params[1]", "a list of 2", "a list of 1"),
    ({"w": 1}, {"v": 1}, "params", "a dict with the keys 'w'", "a dict with the keys 'v'"),
    ({"w": 1}, {}, "params", "a dict with the keys 'w'", "a dict of 0"),
    (MANY | {"x": 0}, MANY | {"y": 0}, "params", "a dict with the keys 'x'", "a dict with the keys 'y'"),
    ({1: 0}, {True: 0}, "params", "a dict with the keys 1", "a dict with the keys True"),
    ([{}], [OrderedDict()], "params[0]", "a dict of 0", "an OrderedDict of 0"),
    ([1, None], [1, 2], "params[1]", "None", "an int"),
    ([()], [None], "params[0]", "a tuple of 0", "None"),
    (((1,), 2), (np.ones((2, 3)), 2), "params[0]", "a tuple of 1", "an array of shape (2, 3)"),
    ({"d": Dense([1], 2)}, {"d": Dense((1,), 2)}, "params['d'].w", "a list of 1", "a tuple of 1"),
    ([Dense(1, 2)], [Dense(1, 2, "tanh")], "params[0]", "a Dense of 2 with act='relu'", "a Dense of 2 with act='tanh'"),
    (Interval(0, [1]), Interval(0, "a"), "params.high", "a list of 1", "a str"),
    (Interval(0, 1), Interval(0, 1, "m"), "params", "an Interval of 2", "an Interval of 2 with aux='m'"),
    (Ragged([1]), Ragged([]), "params", "a Ragged of 1", "a Ragged of 0"),
    (Point([1], 2), Point(1, 2), "params.x", "a list of 1", "an int"),
    (namedtuple("Point", ["x", "y"])(1, 2), Point(1, 2), "params", "a Point of 2", "another class of that name"),
]


@pytest.mark.parametrize(("one", "other", "path", "first", "second"), DIFFERENCES)
def test_a_difference_is_told_with_its_path(one, other, path, first, second):
    with pytest.raises(TreeError) as error:
        tree.map(lambda x, y: x, one, other)
    assert str(error.value) == (
        f"tree.map was given trees of different structure. At {path} the first has {first}, the second {second}. "
        "Give trees with the same containers, keys and lengths."
    )
    with pytest.raises(TreeError) as error:
        tree.structure(one).flatten_up_to(other)
    assert str(error.value) == (
        f"A tree does not have the expected structure. At {path} there should be {first}, the tree has {second}. "
        "Give trees with the same containers, keys and lengths."
    )


@pytest.mark.parametrize(("place", "ordinal"), [(1, "second"), (2, "third"), (3, "fourth"), (4, "5th"), (5, "6th")])
def test_the_tree_that_differs_is_named(place, ordinal):
    trees = [[1]] * 7
    trees[place] = 1
    with pytest.raises(
        TreeError, match=rf"^tree\.map_with_path was .* At params the first has a list of 1, the {ordinal} an int\."
    ):
        tree.map_with_path(lambda *args: 0, *trees)


def test_long_containers_are_told_in_short():
    with pytest.raises(TreeError) as error:
        tree.map(lambda x, y: x, {"k" * 200: 1}, [])
    assert f"the first has a dict with the keys '{'k' * 97}…, the second a list of 0." in str(error.value)


def test_a_prefix_that_does_not_fit():
    with pytest.raises(TreeError) as error:
        tree.broadcast_prefix({"w": [0, None]}, {"w": (1, 2)}, root="args[0]")
    assert str(error.value) == (
        "A prefix does not fit its tree. At args[0]['w'] the prefix has a list of 2, the tree a tuple of 2. "
        "Give the containers of the tree, or one leaf for all that is there."
    )
    with pytest.raises(
        TreeError, match=r"At params\[1\] the prefix has a tuple of 2, the tree an array of shape \(3,\)\."
    ):
        tree.broadcast_prefix((0, (0, 1)), (1, np.ones(3)))


@pytest.mark.parametrize("given_leaves", [[1], [1, 2, 3], []])
def test_the_number_of_leaves_has_to_fit(given_leaves):
    with pytest.raises(TreeError) as error:
        tree.unflatten(tree.structure({"a": 1, "b": [2]}), iter(given_leaves))
    assert str(error.value) == (
        f"tree.unflatten was given {len(given_leaves)} leaves. {{'a': *, 'b': [*]}} has 2. Give one for each *."
    )


def test_transpose_refuses_other_trees():
    outer, inner = tree.structure([0, 0]), tree.structure((0, 0))
    with pytest.raises(TreeError, match=r"At params there should be a list of 2, the tree has a tuple of 2\."):
        tree.transpose(outer, inner, ((1, 2), (3, 4)))
    with pytest.raises(TreeError, match=r"At params there should be a tuple of 2, the tree has a tuple of 3\."):
        tree.transpose(outer, inner, [(1, 2), (3, 4, 5)])


# ---- one vector ----------------------------------------------------------------------------------------------------
class Traced:
    """What stands for a traced value: no array, but NumPy's functions know it."""

    def __init__(self, value):
        self.value = value

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)

    def __array_function__(self, function, types, args, kwargs):
        assert function in (np.reshape, np.concatenate, np.real), function
        plain = tree.map(lambda x: x.value if type(x) is Traced else x, args)
        return Traced(function(*plain, **kwargs))

    def __array__(self, *args, **kwargs):
        raise AssertionError("a traced value is no array")

    def __getitem__(self, index):
        assert type(index) is slice
        return Traced(self.value[index])

    def astype(self, dtype):
        return Traced(self.value.astype(dtype))


def test_ravel_of_traced_leaves():
    value = {"w": Traced(np.ones((2, 2), np.float32)), "b": 2.0, "c": np.zeros(0)}
    vector, unravel = tree.ravel(value)
    assert type(vector) is Traced
    np.testing.assert_array_equal(vector.value, [2, 1, 1, 1, 1])
    back = unravel(vector)
    assert [type(leaf) for leaf in tree.leaves(back)] == [Traced] * 3
    assert (back["w"].shape, back["w"].dtype) == ((2, 2), np.float32)
    assert (back["b"].shape, back["b"].dtype) == ((), np.float64)
    plain = unravel(np.arange(5.0))
    assert type(plain["b"]) is float
    assert plain["w"].dtype == np.float32


def test_ravel_of_traced_complex_numbers_takes_the_real_part_of_a_real_leaf():
    _, unravel = tree.ravel({"w": 1.0, "z": 1j})
    back = unravel(Traced(np.array([1.0, 2j])))
    assert (back["w"].dtype, back["z"].dtype) == (np.float64, np.complex128)


def test_ravel_keeps_classes_shapes_and_dtypes():
    value = [1.5, 2, True, 3j, np.float32(4), np.array(5.0), np.zeros((0, 2), np.int8), np.ones((1, 2), bool), None]
    vector, unravel = tree.ravel(value)
    assert vector.dtype == np.complex128
    back = unravel(vector)
    assert [type(x) for x in back] == [type(x) for x in value]
    assert [getattr(x, "dtype", None) for x in back] == [getattr(x, "dtype", None) for x in value]
    assert [np.shape(x) for x in back[:-1]] == [np.shape(x) for x in value[:-1]]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([], np.float64),
        (None, np.float64),
        (np.ones(2, np.float32), np.float32),
        ([np.ones(2, np.float32), np.float32(1)], np.float32),
        ([np.ones(2, np.float32), 1.0], np.float64),
        ([1, 2], np.int64),
        ([True], np.bool_),
        (np.ones(0, np.float32), np.float32),
        ([np.ones(1, np.float32), np.ones(1, np.int32)], np.float64),
    ],
)
def test_the_dtype_of_the_vector_is_what_numpy_promotes_to(value, dtype):
    vector, unravel = tree.ravel(value)
    assert vector.dtype == dtype
    assert tree.structure(unravel(vector)) == tree.structure(value)


def test_ravel_reads_arrays_by_rows_whatever_their_memory_order():
    value = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    vector, unravel = tree.ravel(value)
    np.testing.assert_array_equal(vector, np.arange(6.0))
    np.testing.assert_array_equal(unravel(vector), value)
    assert not np.shares_memory(vector, value)


def test_unravel_casts_back():
    _, unravel = tree.ravel([np.ones(2, np.float32), 1])
    back = unravel(np.array([1.5, 2.5, 7.0]))
    assert (back[0].dtype, back[1], type(back[1])) == (np.float32, 7, int)
    assert unravel([1, 2, 3])[1] == 3
    assert np.isnan(tree.ravel([1.0])[1](np.array([complex(np.nan, 0.0)]))[0])


def test_unravel_can_be_pickled():
    vector, unravel = tree.ravel({"w": np.ones(2), "b": 1.0})
    assert pickle.loads(pickle.dumps(unravel))(vector)["b"] == 1.0


@pytest.mark.parametrize(
    ("value", "vector", "dtype", "shown"),
    [
        (1.0, [1j], "float64", "[0.+1.j]"),
        (1, [1.5], "int64", "[1.5]"),
        (1, [np.nan], "int64", "[nan]"),
        (True, [2.0], "bool", "[2.]"),
        (np.int8(1), [300], "int8", "[300]"),
        (1.0, [complex(1, np.nan)], "float64", "[1.+nanj]"),
    ],
)
def test_unravel_drops_nothing(value, vector, dtype, shown):
    _, unravel = tree.ravel({"w": [value]})
    with pytest.raises(TreeError) as error:
        unravel(np.array(vector))
    assert str(error.value) == (
        f"unravel would change numbers. At params['w'][0] the tree has {dtype}, the vector {shown}. "
        "Ravel a tree of a wider dtype, or round the vector first."
    )


@pytest.mark.parametrize(
    ("vector", "what"),
    [
        (np.ones(3), "an array of shape (3,)"),
        (np.ones((2, 1)), "an array of shape (2, 1)"),
        ([], "an array of shape (0,)"),
    ],
)
def test_unravel_needs_as_many_numbers(vector, what):
    _, unravel = tree.ravel({"w": [1.0, 2.0]})
    with pytest.raises(TreeError) as error:
        unravel(vector)
    assert str(error.value) == f"unravel was given {what}. The tree has 2 numbers. Give a vector of shape (2,)."


@pytest.mark.parametrize(
    ("leaf", "what"),
    [
        ("relu", "a str"),
        (np.array(["a"]), "an array of shape (1,)"),
        (np.array([None]), "an array of shape (1,)"),
        (np.ma.ones(2), "an array of shape (2,)"),
        (10**30, "an int"),
        (object, "a type"),
        (np.float64, "a type"),
    ],
)
def test_ravel_takes_numbers_only(leaf, what):
    with pytest.raises(TreeError) as error:
        tree.ravel({"w": 1.0, "name": leaf})
    assert str(error.value) == (
        f"tree.ravel takes numbers and plain arrays of numbers. At params['name'] the tree has {what}. "
        "Convert it, leave it out, or mark its field static."
    )
