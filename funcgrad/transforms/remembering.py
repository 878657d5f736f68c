"""Remembering: the staged body of a loop, for the next eager call of the same loop.

It belongs to the code of the user's function and goes with it. It is found again only where nothing that the function
can see has changed: its code, its defaults, what it closes over and the globals that it names, functions by what they
see in turn, arrays and containers by what they hold. Where something else is seen (an object, another module, a traced
value, a random number, a large array) or where staging changed something, nothing is remembered.
"""

import builtins
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from opcode import opmap
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from funcgrad.graph.calls import COPIED
from funcgrad.graph.graph import Graph
from funcgrad.graph.provenance import unwrapped
from funcgrad.graph.types import NUMBERS, key_of
from funcgrad.transforms.bodies import Body
from funcgrad.transforms.given import contents

#: What was staged, by the code of the function, and then by what the function sees and the types of its arguments.
STAGED: WeakKeyDictionary[CodeType, dict[Hashable, Any]] = WeakKeyDictionary()
#: So many of one code at most: the oldest goes.
MOST = 8
#: Packages whose functions do not change, and give the same for the same.
PURE = ("numpy", "funcgrad", "math", "cmath", "operator")
#: But for these.
IMPURE = {"random", "empty", "empty_like", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "errstate", "seterr"}
#: Python's own functions that only look at their arguments.
LOOKING = {
    abs, all, any, bool, callable, complex, dict, divmod, enumerate, filter, float, frozenset, int, isinstance, len,
    list, map, max, min, pow, range, reversed, round, set, slice, sorted, str, sum, tuple, type, zip,
}  # fmt: skip
#: What a function of ours may carry beside its code.
CARRIED = {"__wrapped__", "__order__"}
#: The class of what NumPy lets others override.
DISPATCHER = type(np.sum)


class Unsure(Exception):
    """Whether something has changed cannot be seen."""


def remembered(
    function: Callable[..., Any], key: Hashable, stage: Callable[[], Any], lasting: Callable[[Any], bool]
) -> Any:
    """What `stage` makes of a function, or made of it before; `lasting` says whether it may be made once for all."""
    code, seen = getattr(unwrapped(function), "__code__", None), sight(function)
    if code is None or seen is None:
        return stage()
    found = STAGED.setdefault(code, {})
    if (seen, key) in found:
        return found[seen, key]
    made = stage()
    if lasting(made) and sight(function) == seen:
        put(found, (seen, key), made)
    return made


def put(found: dict[Hashable, Any], key: Hashable, made: Any) -> None:
    """Remember one more thing of a code, and forget the oldest of too many."""
    if len(found) >= MOST:
        found.pop(next(iter(found)), None)
    found[key] = made


def body_of(function: Callable[..., Any], graph: Graph) -> Body:
    """The body of a graph that was staged of a function: that of an equal one before, with what was made of it.

    A loop that closes over traced values is staged at each call, and mostly comes to the same graph. One of large
    arrays, or of functions of the user's, is not remembered.
    """
    code = getattr(unwrapped(function), "__code__", None)
    size = sum([one.value.nbytes for one in graph.constants if type(one.value) is np.ndarray])
    if code is None or size > COPIED or has_users(graph):
        return Body(graph)
    found, key = STAGED.setdefault(code, {}), graph.digest
    if key not in found:
        put(found, key, Body(graph))
    body: Body = found[key]
    return body


def has_users(graph: Graph) -> bool:
    """Whether a graph, or one inside its steps, runs a function of the user's."""
    stack = [graph]
    while stack:
        for step in stack.pop().steps:
            if step.op.users:
                return True
            stack += [inner for inner, _ in step.op.inside]
    return False


def sight(function: Callable[..., Any]) -> Hashable:
    """All that a function sees beside its arguments, as something to compare; None if that cannot be said."""
    try:
        return Looking(getattr(unwrapped(function), "__code__", None)).at(function)
    except Unsure:
        return None


class Looking:
    """One look at what a function sees."""

    def __init__(self, own: CodeType | None) -> None:
        #: The code to which what is remembered belongs: to hold it would keep it for ever.
        self.own = own
        #: How many bytes of arrays may still be compared.
        self.left = COPIED
        #: The functions that have been looked at: recursion ends there.
        self.met: set[int] = set()

    def at(self, value: Any) -> Hashable:  # a table of cases
        """A value as something to compare."""
        kind = type(value)
        if (
            value is None
            or value is Ellipsis
            or kind in NUMBERS
            or kind in (str, bytes)
            or isinstance(value, np.generic)
        ):
            return key_of(value)
        if kind is np.ndarray and value.dtype.kind in "biufc":
            self.left -= value.nbytes
            if self.left < 0:
                raise Unsure
            return (value.dtype.str, value.shape, value.tobytes())
        if kind in (tuple, list):
            return (kind.__name__, *map(self.at, value))
        if kind is dict:
            return ("dict", *[(self.at(k), self.at(v)) for k, v in value.items()])
        if kind is partial:
            return ("partial", *map(self.at, (value.func, value.args, value.keywords)))
        if kind is FunctionType:
            return self.at_function(value)
        if isinstance(value, np.dtype):
            return key_of(value)
        if pure(value):
            return ("itself", value)
        raise Unsure

    def at_function(self, function: FunctionType) -> Hashable:
        """A function by its code and what it sees."""
        if id(function) in self.met:
            return "again"
        self.met.add(id(function))
        if not CARRIED.issuperset(vars(function)):
            raise Unsure
        around = [contents(cell) for cell in function.__closure__ or ()]
        around += [function.__defaults__, function.__kwdefaults__, vars(function).get("__order__")]
        if not ours(function.__globals__.get("__name__", "")):
            around += list(named(function))
        code = function.__code__
        return ("own" if code is self.own else code, *map(self.at, around))


def named(function: FunctionType) -> Iterator[Any]:
    """The globals that a function names."""
    stack = [function.__code__]
    while stack:
        code = stack.pop()
        stack += [one for one in code.co_consts if isinstance(one, CodeType)]
        if opmap["IMPORT_NAME"] in code.co_code[::2] or not IMPURE.isdisjoint(code.co_names):
            raise Unsure
        for name in code.co_names:
            if name in function.__globals__:
                yield function.__globals__[name]
            elif hasattr(builtins, name):
                yield getattr(builtins, name)


def ours(module: str) -> bool:
    """Whether a module is of the packages that do not change."""
    return module.partition(".")[0] in PURE


def pure(value: Any) -> bool:
    """Whether something is a module, a class or a function of the packages that do not change."""
    kind = type(value)
    if kind is ModuleType:
        return ours(value.__name__)
    if kind is np.ufunc:
        return getattr(np, value.__name__, None) is value
    if kind is type or kind is BuiltinFunctionType:
        if value in LOOKING:
            return True
        alone = kind is type or value.__self__ is None or type(value.__self__) is ModuleType
        return alone and ours(value.__module__ or "") and value.__name__ not in IMPURE
    return kind is DISPATCHER and ours(value.__module__) and value.__name__ not in IMPURE
