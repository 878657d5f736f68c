"""Trees: containers of containers of leaves, taken apart to a list of leaves and put together again, as in `jax.tree`.

`dict`, `OrderedDict`, `defaultdict`, `list`, `tuple`, named tuples, `None` (a container of nothing), attrs classes and
dataclasses are containers, and what is registered. All else is a leaf, other subclasses of dict, list and tuple among
it. A field with `metadata={"static": True}` is no child but part of the structure. A dict's leaves come in the order of
its sorted keys, so the order in which it was filled does not matter to an answer; a rebuilt dict keeps that order.

>>> from funcgrad import tree
>>> tree.flatten({"w": [1.0, 2.0], "b": 3.0})
([3.0, 1.0, 2.0], {'b': *, 'w': [*, *]})
>>> tree.map(lambda x: 2 * x, {"w": [1.0, 2.0], "b": 3.0})
{'w': [2.0, 4.0], 'b': 6.0}
"""

import builtins
import functools
import math
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from types import NoneType
from typing import Any, ClassVar, NoReturn, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from attrs import frozen

from funcgrad.errors import TreeError


# ---- paths and structures ------------------------------------------------------------------------------------------
@frozen(repr=False)
class Key:
    """One step of a path, from a container to one of its children."""

    #: What stands between the brackets or after the dot.
    value: Any

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __str__(self) -> str:
        return f"[{self.value!r}]"


class DictKey(Key):
    """The step to an entry of a dict: `['w']`."""

    __slots__ = ()
    key = property(lambda self: self.value)


class SequenceKey(Key):
    """The step to an item of a list or tuple, or to a child without a name: `[0]`."""

    __slots__ = ()
    index = property(lambda self: self.value)


class AttributeKey(Key):
    """The step to a field of an object or of a named tuple: `.bias`."""

    __slots__ = ()
    name = property(lambda self: self.value)

    def __str__(self) -> str:
        return f".{self.value}"


Path = tuple[Key, ...]


def path_name(path: Path, root: str = "params") -> str:
    """The expression that leads from `root` to what is at `path`.

    >>> path_name((DictKey("dense1"), SequenceKey(0), AttributeKey("bias")))
    "params['dense1'][0].bias"
    """
    return root + "".join([str(key) for key in path])


@frozen(eq=False, repr=False)
class Structure:
    """A tree without its leaves: it can be compared, hashed, printed, pickled, and filled with other leaves.

    Two are equal if their containers, keys, lengths and static parts are. The order in which a dict was filled does not
    count, that of an OrderedDict neither. Keys and static parts are compared by class and `==`: 1, 1.0 and True differ.

    >>> one = structure({"w": [0, None], "b": 0})
    >>> one, one.num_leaves, one == structure({"b": 0, "w": [0, None]})
    ({'b': *, 'w': [*, None]}, 2, True)
    >>> one.unflatten([3.0, 4.0])
    {'w': [4.0, None], 'b': 3.0}
    """

    #: The class of the container; `object` for a leaf.
    cls: type
    #: The keys of a dict or the names of the fields, one for each child; None for a list or tuple.
    keys: tuple[Any, ...] | None
    #: Pairs of name and value of what else has to be equal: static fields, the `aux` of a registered class.
    static: tuple[tuple[str, Any], ...]
    #: The structures of the children.
    children: tuple["Structure", ...]
    #: How many leaves there are.
    num_leaves: int
    #: What need not be equal: the keys of a dict as they were put in, where these were not sorted.
    order: tuple[Any, ...] | None = None
    #: Whether it is known that all children are leaves.
    flat: bool = False

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree of this structure with these leaves."""
        return unflatten(self, leaves)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """What `tree` has in the places of this structure's leaves: leaves, or subtrees. TreeError if it differs."""
        return _aligned(self, tree, EXPECTED)

    @property
    def steps(self) -> list[Key]:
        """The key of each child."""
        return [self.step(index) for index in range(len(self.children))]

    def paths(self) -> list[Path]:
        """The path of each leaf."""
        pairs = zip(self.steps, self.children, strict=True)
        return [()] if self.cls is object else [(key, *path) for key, child in pairs for path in child.paths()]

    def path(self, position: int) -> Path:
        """The path of one leaf, found without those of the others.

        >>> path_name(structure({"w": [0, (0, 0)], "b": 0}).path(2))
        "params['w'][1][0]"
        """
        steps: list[Key] = []
        inside = self
        while inside.cls is not object:
            index = 0
            while position >= inside.children[index].num_leaves:
                position -= inside.children[index].num_leaves
                index += 1
            steps.append(inside.step(index))
            inside = inside.children[index]
        return tuple(steps)

    def step(self, index: int) -> Key:
        """The key of one child."""
        if self.keys is None:
            return SequenceKey(index)
        return DictKey(self.keys[index]) if self.cls in DICTS else AttributeKey(self.keys[index])

    @property
    def key(self) -> Any:
        """A key for caches: equal if all that a traced function sees is equal, the order of a dict's entries, too."""
        return self, self.order, tuple([child.key for child in self.children if child.children])

    def __len__(self) -> int:
        return self.num_leaves

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Structure):
            return self is other
        return _alike(self, other) and self.children == other.children

    def __hash__(self) -> int:
        try:
            inner = tuple([child for child in self.children if child.cls is not object])
            return hash((self.cls, _told_apart(self.keys), _told_apart(self.static), self.num_leaves, inner))
        except TypeError:
            _refuse_static(self, "hashed")

    def __repr__(self) -> str:
        if self.cls in (object, NoneType):
            return "*" if self.cls is object else "None"
        form = "{1!r}" if self.keys is None else "{0!r}: {1!r}" if self.cls in DICTS else "{0}={1!r}"
        pairs = zip(self.steps, self.children, strict=True)
        parts = [form.format(step.value, child) for step, child in pairs] + _notes(self)
        opening, closing = BRACKETS.get(self.cls, (f"{self.cls.__name__}(", ")"))
        return f"{opening}{', '.join(parts)}{',' * (self.cls is tuple and len(parts) == 1)}{closing}"


DICTS = (dict, OrderedDict, defaultdict)
BRACKETS: dict[type, tuple[str, str]] = {dict: ("{", "}"), list: ("[", "]"), tuple: ("(", ")")}
LEAF = Structure(object, None, (), (), 1)
SAME = "Give trees with the same containers, keys and lengths."


def _told_apart(static: Any) -> Any:
    """A static part as it is compared: with classes, and with the text of a float, for -0.0 and NaN."""
    kind = type(static)
    if kind is tuple:
        return tuple([part if type(part) is str else _told_apart(part) for part in static])
    return static if kind is str or static is None else (kind, repr(static) if kind in (float, complex) else static)


def _alike(one: Structure, other: Structure) -> bool:
    """Whether two containers are of one class, with as many children and the same keys and static parts."""
    if one.cls is not other.cls or len(one.children) != len(other.children):
        return False
    try:
        return (one.keys is other.keys or _told_apart(one.keys) == _told_apart(other.keys)) and (
            one.static is other.static or bool(_told_apart(one.static) == _told_apart(other.static))
        )
    except ValueError:  # an array's == is an array
        _refuse_static(one, "compared")


def _refuse_static(structure: Structure, done: str) -> NoReturn:
    raise TreeError(
        f"A static part of a tree cannot be {done}. It belongs to {_words(structure)}. "
        "Let it be a number, a string or a tuple; an array should not be static."
    )


# ---- kinds of containers -------------------------------------------------------------------------------------------
#: How the containers of a class come apart, tree ↦ (children, keys, static, order), and how they are put together.
Parts = tuple[Sequence[Any], tuple[Any, ...] | None, tuple[tuple[str, Any], ...], tuple[Any, ...] | None]
Kind = tuple[Callable[[Any], Parts], Callable[[Structure, list[Any]], Any]]
Class = TypeVar("Class", bound=type)


class _Absent:
    """What a field without a value holds while its object is in parts: a container of nothing, like None."""

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


def _dict_apart(tree: dict[Any, Any]) -> Parts:
    try:
        keys = sorted(tree)
    except TypeError:
        keys = sorted(tree, key=lambda key: (type(key).__qualname__, repr(key)))
    order = list(tree)
    static = (("default_factory", tree.default_factory),) if isinstance(tree, defaultdict) else ()
    return [tree[key] for key in keys], tuple(keys), static, None if order == keys else tuple(order)


def _dict_together(structure: Structure, children: list[Any]) -> Any:
    entries = dict(zip(structure.keys or (), children, strict=True))
    if structure.order is not None:
        entries = {key: entries[key] for key in structure.order}
    if structure.cls is defaultdict:
        return defaultdict(structure.static[0][1], entries)
    return entries if structure.cls is dict else OrderedDict(entries)


def _named_tuple(names: tuple[str, ...]) -> Kind:
    """The kind of a named tuple with these fields."""
    return lambda tree: (tree, names, (), None), lambda structure, children: tuple.__new__(structure.cls, children)


def _record(fields: Iterable[Any]) -> Kind:
    """The kind of an attrs class or dataclass with these fields; it is rebuilt without its `__init__`."""
    marks = {each.name: bool(each.metadata.get("static")) for each in fields}
    names = tuple([name for name, static in marks.items() if not static])
    statics = tuple([name for name, static in marks.items() if static])

    def apart(tree: Any) -> Parts:
        static = tuple([(name, getattr(tree, name, ABSENT)) for name in statics])
        return [getattr(tree, name, ABSENT) for name in names], names, static, None

    def together(structure: Structure, children: list[Any]) -> Any:
        tree: Any = object.__new__(structure.cls)
        for name, value in (*zip(names, children, strict=True), *structure.static):
            if value is not ABSENT:
                object.__setattr__(tree, name, value)
        return tree

    return apart, together


#: What holds more than its fields, so that a subclass is a leaf even if it has some.
BUILT_IN = (tuple, list, dict, str, int, float, np.ndarray, BaseException)


def _derived(cls: type) -> Kind | None:
    """The kind of a class that nobody registered, None for a leaf: a pure function of the class."""
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _named_tuple(cls._fields)
    if issubclass(cls, BUILT_IN):
        return None
    if hasattr(cls, "__attrs_attrs__"):
        return _record(cls.__attrs_attrs__)
    if hasattr(cls, "__dataclass_fields__"):  # then the module `dataclasses`, which is slow to import, is there
        return _record(sys.modules["dataclasses"].fields(cls))
    return None


class _Kinds(dict[type, Kind | None]):
    """The kind of each class, None for a leaf: what is built in or registered, and else what follows from the class."""

    derived: ClassVar[WeakKeyDictionary[type, Kind | None]] = WeakKeyDictionary()

    def __missing__(self, cls: type) -> Kind | None:
        try:
            return self.derived[cls]
        except KeyError:
            return self.derived.setdefault(cls, _derived(cls))


#: The one table that users write to, by `register`: a class of a foreign library can be taught in no other way.
#: It only grows, and an entry never changes, so no answer depends on when it is read.
KINDS = _Kinds(
    dict.fromkeys((float, int, complex, bool, str, np.ndarray, object))
    | dict.fromkeys((np.float64, np.float32, np.int64, np.bool_, Structure, DictKey, SequenceKey, AttributeKey))
    | dict.fromkeys(DICTS, (_dict_apart, _dict_together))
    | {
        list: (lambda tree: (tree, None, (), None), lambda structure, children: children),
        tuple: (lambda tree: (tree, None, (), None), lambda structure, children: tuple(children)),
        NoneType: (lambda tree: ((), None, (), None), lambda structure, children: None),
        _Absent: (lambda tree: ((), None, (), None), lambda structure, children: ABSENT),
    }
)


def register(
    cls: Class,
    flatten: Callable[[Any], tuple[Iterable[Any], Any]],
    unflatten: Callable[[Any, tuple[Any, ...]], Any],
    keys: Sequence[str] | None = None,
) -> Class:
    """Make `cls` a container: flatten : tree → (children, aux), unflatten : (aux, children) → tree. Returns `cls`.

    `aux` is what has to be equal for structures to be equal; `keys` names the children in paths.

    >>> class Interval:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> _ = register(Interval, lambda i: ((i.low, i.high), None), lambda aux, ends: Interval(*ends), ("low", "high"))
    >>> structure([Interval(0.0, 1.0)])
    [Interval(low=*, high=*)]
    """
    names = None if keys is None else tuple(keys)

    def apart(tree: Any) -> Parts:
        found, aux = flatten(tree)
        children = tuple(found)
        if names is not None and len(names) != len(children):
            raise TreeError(
                f"{cls.__qualname__} was registered with {len(names)} keys. Its flatten gave {len(children)} children. "
                "Register it with one key for each child, or without keys."
            )
        return children, names, () if aux is None else (("aux", aux),), None

    def together(structure: Structure, children: list[Any]) -> Any:
        return unflatten(structure.static[0][1] if structure.static else None, tuple(children))

    return _entered(cls, (apart, together))


def register_leaf(cls: Class) -> Class:
    """Make an attrs class, a dataclass or a named tuple a leaf, whatever its fields; a decorator.

    >>> from attrs import frozen
    >>> @register_leaf
    ... @frozen
    ... class Unit:
    ...     name: str
    >>> leaves({"unit": Unit("metre")})
    [Unit(name='metre')]
    """
    return _entered(cls, None)


def _entered(cls: Class, kind: Kind | None) -> Class:
    """Enter a class into the table, once."""
    if cls in KINDS:
        raise TreeError(
            f"{cls.__module__}.{cls.__qualname__} is registered already. Trees in use were taken apart by that rule. "
            "Register a class once, where it is defined."
        )
    KINDS[cls] = kind
    return cls


# ---- taking apart and putting together -----------------------------------------------------------------------------
IsLeaf = Callable[[Any], bool] | None


def flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], Structure]:
    """The leaves of a tree and its structure; what `is_leaf` says yes to is not taken apart further.

    >>> flatten({"w": (1.0, 2.0), "b": None})
    ([1.0, 2.0], {'b': None, 'w': (*, *)})
    """
    if KINDS[type(tree)] is None:
        return [tree], LEAF
    found: list[Any] = []
    return found, _gather(tree, found, is_leaf)


def _gather(tree: Any, found: list[Any], is_leaf: IsLeaf) -> Structure:
    """The structure of `tree`, whose leaves are appended to `found`."""
    kind = KINDS[type(tree)]
    if kind is None or (is_leaf is not None and is_leaf(tree)):
        found.append(tree)
        return LEAF
    before, parts = len(found), []
    children, keys, static, order = kind[0](tree)
    short = keys is None and not static and len(children) <= FEW
    if short and builtins.all([KINDS[type(child)] is None for child in children]):
        found += children
        return _row(type(tree), len(children))  # type: ignore[arg-type]  # a class can be hashed
    for child in children:
        if KINDS[type(child)] is None:
            found.append(child)
            parts.append(LEAF)
        else:
            parts.append(_gather(child, found, is_leaf))
    return Structure(type(tree), keys, static, tuple(parts), len(found) - before, order)


#: The structures of rows of so many leaves at most are kept.
FEW = 64


@functools.cache
def _row(cls: type, length: int) -> Structure:
    """The structure of a container of leaves alone, such as a list of arrays."""
    return Structure(cls, None, (), (LEAF,) * length, length, flat=True)


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves. TreeError if there are too few or too many.

    >>> unflatten(structure([0, (0, None)]), [1.0, 2.0])
    [1.0, (2.0, None)]
    """
    leaves = list(leaves)
    if len(leaves) != structure.num_leaves:
        raise TreeError(
            f"tree.unflatten was given {len(leaves)} leaves. {_short(repr(structure))} has {structure.num_leaves}. "
            "Give one for each *."
        )
    if structure.flat:
        return KINDS[structure.cls][1](structure, leaves)  # type: ignore[index]  # a container
    return _build(structure, iter(leaves))


def _build(structure: Structure, leaves: Iterator[Any]) -> Any:
    """The tree of this structure, whose leaves are the next ones."""
    kind = KINDS[structure.cls]
    if kind is None:
        return next(leaves)
    return kind[1](
        structure, [next(leaves) if child is LEAF else _build(child, leaves) for child in structure.children]
    )


def leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree."""
    return flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: IsLeaf = None) -> Structure:
    """The structure of a tree."""
    return flatten(tree, is_leaf)[1]


def flatten_with_path(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[tuple[Path, Any]], Structure]:
    """The pairs of path and leaf of a tree, and its structure.

    >>> flatten_with_path({"w": [1.0]})
    ([((DictKey('w'), SequenceKey(0)), 1.0)], {'w': [*]})
    """
    found, shape = flatten(tree, is_leaf)
    return list(zip(shape.paths(), found, strict=True)), shape


def leaves_with_path(tree: Any, is_leaf: IsLeaf = None) -> list[tuple[Path, Any]]:
    """The pairs of path and leaf of a tree."""
    return flatten_with_path(tree, is_leaf)[0]


# ---- functions of trees --------------------------------------------------------------------------------------------
def map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """The tree of f(leaf, …): map : (X → Y) → (Tree X → Tree Y), with f of as many arguments as there are trees.

    Each further tree has the structure of the first; where it goes deeper, f is given the subtree.

    >>> map(lambda p, g: p - 0.1 * g, {"w": 1.0, "b": 2.0}, {"b": 10.0, "w": 0.0})
    {'w': 1.0, 'b': 1.0}
    """
    found, shape = flatten(tree, is_leaf)
    return _build(shape, iter([f(*each) for each in zip(found, *_columns("map", shape, rest), strict=True)]))


def map_with_path(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """The tree of f(path, leaf, …).

    >>> map_with_path(lambda path, x: f"{path_name(path)} = {x}", {"w": [1.0]})
    {'w': ["params['w'][0] = 1.0"]}
    """
    found, shape = flatten(tree, is_leaf)
    rows = zip(shape.paths(), found, *_columns("map_with_path", shape, rest), strict=True)
    return _build(shape, iter([f(*each) for each in rows]))


def reduce(f: Callable[[Any, Any], Any], tree: Any, initializer: Any = ABSENT, is_leaf: IsLeaf = None) -> Any:
    """f(… f(f(initializer, leaf), leaf) …) over the leaves of a tree.

    >>> reduce(lambda total, x: total + x, {"w": [1.0, 2.0], "b": 3.0}, initializer=0.0)
    6.0
    """
    return functools.reduce(f, leaves(tree, is_leaf), *([] if initializer is ABSENT else [initializer]))


def all(tree: Any, *, is_leaf: IsLeaf = None) -> bool:
    """Whether every leaf is true.

    >>> all({"w": [True, 1.0], "b": None}), all([True, 0.0])
    (True, False)
    """
    return builtins.all(leaves(tree, is_leaf))


def transpose(outer: Structure, inner: Structure | None, tree: Any) -> Any:
    """The inner tree of outer trees that an outer tree of inner trees becomes; None: `inner` is that of the first.

    >>> transpose(structure([0, 0]), structure({"a": 0, "b": 0}), [{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    {'a': [1, 3], 'b': [2, 4]}
    """
    rows = outer.flatten_up_to(tree)
    if inner is None:
        inner = structure(rows[0]) if rows else LEAF
    rows = [inner.flatten_up_to(row) for row in rows]
    return inner.unflatten([outer.unflatten([row[place] for row in rows]) for place in range(inner.num_leaves)])


def broadcast_prefix(prefix: Any, tree: Any, is_leaf: IsLeaf = None, *, root: str = "params") -> list[Any]:
    """The leaves of `prefix`, None among them, each repeated for all the leaves of `tree` below it.

    >>> broadcast_prefix({"w": 0, "b": None}, {"w": [1.0, 2.0], "b": 3.0})
    [None, 0, 0]
    """
    found, shape = flatten(prefix, lambda part: part is None or (is_leaf is not None and is_leaf(part)))
    subtrees = _aligned(shape, tree, PREFIX, root)
    return [leaf for leaf, subtree in zip(found, subtrees, strict=True) for _ in leaves(subtree)]


# ---- one vector ----------------------------------------------------------------------------------------------------
def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a tree as one vector, and the way back: ravel : Tree → (ℝⁿ, ℝⁿ → Tree).

    The vector has the dtype that NumPy promotes those of the leaves to (a Python float is a float64). The way back
    gives each leaf its shape and dtype again, and refuses an imaginary part or a fraction that would drop.

    >>> vector, unravel = ravel({"w": np.ones((2, 2)), "b": 3.0})
    >>> vector
    array([3., 1., 1., 1., 1.])
    >>> unravel(2 * vector)["b"]
    6.0
    """
    found, shape = flatten(tree)
    parts = [_flat(leaf, shape, place) for place, leaf in enumerate(found)]
    forms = tuple([(type(x), getattr(x, "shape", ()), part.dtype) for x, part in zip(found, parts, strict=True)])
    return np.concatenate(parts) if parts else np.zeros(0), functools.partial(_unravel, shape, forms)


def _flat(leaf: Any, shape: Structure, place: int) -> Any:
    """A leaf as a vector; a traced one answers to NumPy's functions by itself."""
    traced = isinstance(getattr(leaf, "dtype", None), np.dtype) and not isinstance(leaf, np.ndarray)
    plain = isinstance(leaf, int | float | complex) or type(leaf) in (np.ndarray, np.memmap)
    part = np.reshape(leaf, (-1,)) if plain or traced else None
    if part is None or part.dtype.kind not in "biufc":
        where, what = path_name(shape.paths()[place]), _leaf_words(leaf)
        raise TreeError(
            f"tree.ravel takes numbers and plain arrays of numbers. At {where} the tree has {what}. "
            "Convert it, leave it out, or mark its field static."
        )
    return part


def _unravel(shape: Structure, forms: tuple[tuple[type, tuple[int, ...], Any], ...], vector: Any) -> Any:
    """The tree whose leaves have these classes, shapes and dtypes, with the numbers of `vector`."""
    vector = vector if hasattr(vector, "dtype") else np.asarray(vector)
    stops = list(accumulate([math.prod(lengths) for _, lengths, _ in forms], initial=0))
    if tuple(vector.shape) != (stops[-1],):
        raise TreeError(
            f"unravel was given {_leaf_words(vector)}. The tree has {stops[-1]} numbers. "
            f"Give a vector of shape ({stops[-1]},)."
        )
    found = []
    for place, (kind, lengths, dtype) in enumerate(forms):
        leaf = _cast(vector[stops[place] : stops[place + 1]], dtype, shape, place)
        if isinstance(leaf, np.ndarray) and issubclass(kind, int | float | complex | np.generic):
            found.append(leaf[0] if issubclass(kind, np.generic) else leaf[0].item())
        else:
            found.append(np.reshape(leaf, lengths))
    return _build(shape, iter(found))


def _cast(part: Any, dtype: np.dtype[Any], shape: Structure, place: int) -> Any:
    """A copy of `part` as `dtype`, refused if an imaginary part, or the fraction of an integer, would drop."""
    real = np.real(part) if part.dtype.kind == "c" and dtype.kind != "c" else part
    if not isinstance(part, np.ndarray):
        return real if real.dtype == dtype else real.astype(dtype)
    with np.errstate(invalid="ignore"):  # NaN as an integer
        cast = real.astype(dtype)
    if (real is not part and np.any(np.imag(part))) or (dtype.kind in "biu" and np.any(cast != real)):
        raise TreeError(
            f"unravel would change numbers. At {path_name(shape.paths()[place])} the tree has {dtype}, "
            f"the vector {_short(str(part))}. Ravel a tree of a wider dtype, or round the vector first."
        )
    return cast


# ---- differences, in words -----------------------------------------------------------------------------------------
EXPECTED = "A tree does not have the expected structure. At {} there should be {}, the tree has {}. " + SAME
PREFIX = (
    "A prefix does not fit its tree. At {} the prefix has {}, the tree {}. "
    "Give the containers of the tree, or one leaf for all that is there."
)


def _columns(caller: str, shape: Structure, rest: tuple[Any, ...]) -> list[list[Any]]:
    """What each further tree has in the places of the first one's leaves."""
    ordinals = ["second", "third", "fourth", *[f"{place}th" for place in range(5, len(rest) + 2)]]
    sentence = f"tree.{caller} was given trees of different structure. At {{}} the first has {{}}, the "
    pairs = zip(rest, ordinals, strict=False)
    return [_aligned(shape, tree, f"{sentence}{ordinal} {{}}. {SAME}") for tree, ordinal in pairs]


def _aligned(shape: Structure, tree: Any, sentences: str, root: str = "params") -> list[Any]:
    """What `tree` has in the places of the leaves of `shape`; else a TreeError: where they differ, what each has."""
    subtrees: list[Any] = []
    if difference := _descend(shape, tree, subtrees):
        path, one, other = difference
        raise TreeError(sentences.format(path_name(path, root), one, other))
    return subtrees


def _descend(shape: Structure, tree: Any, subtrees: list[Any]) -> tuple[Path, str, str] | None:
    """Append to `subtrees` what `tree` has in the places of the leaves of `shape`; or where the two first differ."""
    if shape.cls is object:
        subtrees.append(tree)
        return None
    kind = KINDS[type(tree)]
    if kind is None:
        return (), _words(shape), _leaf_words(tree)
    children, keys, static, _ = kind[0](tree)
    level = Structure(type(tree), keys, static, (LEAF,) * len(children), 0)
    if not _alike(shape, level):
        one, other = _words(shape, level), _words(level, shape)
        return (), one, "another class of that name" if other == one else other
    for place, (part, child) in enumerate(zip(shape.children, children, strict=True)):
        if difference := _descend(part, child, subtrees):
            path, one, other = difference
            return (shape.steps[place], *path), one, other
    return None


def _words(structure: Structure, other: Structure = LEAF) -> str:
    """A container in words: its class, its length or keys (of many, those that `other` lacks), its static part."""
    if structure.cls in (NoneType, _Absent):
        return "None" if structure.cls is NoneType else "no value"
    keys, content = structure.keys, f"of {len(structure.children)}"
    if keys and structure.cls in DICTS:
        shown = keys if len(keys) <= 6 else [key for key in keys if key not in (other.keys or ())]
        content = f"with the keys {', '.join([repr(key) for key in shown])}"
    return _short(f"{_article(structure.cls.__name__)} {' with '.join([content, *_notes(structure)])}")


def _leaf_words(leaf: Any) -> str:
    shape = getattr(leaf, "shape", None)
    return f"an array of shape {shape}" if isinstance(shape, tuple) else _article(type(leaf).__name__)


def _notes(structure: Structure) -> list[str]:
    return [f"{name}={value!r}" for name, value in structure.static]


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"
