"""Node: a frozen expression; History: what it is made of."""

from typing import Any, NoReturn

import numpy as np
from attrs import define, frozen

from funcgrad import tree
from funcgrad.errors import EscapedNode, UnknownValue
from funcgrad.graph.calls import Calls, births
from funcgrad.graph.methods import Methods, Operators, Refusals
from funcgrad.graph.protocols import Protocols
from funcgrad.graph.provenance import expression, refuse, truth_remedy, unknown_sentences
from funcgrad.graph.types import Type, type_of


@define(eq=False, repr=False, init=False, weakref_slot=False)
class Entry:
    """A history while it is filled: `recorded` turns it into the history, and it cannot change again."""

    #: The operation.
    op: Any
    #: Its arguments: a Node where the rule reads the value, else a History; constants, and Types of those not read.
    args: tuple[Any, ...]
    #: The answer where the rule reads it, or where it is but a number; else its Type.
    answer: Any
    #: Older than all that is made of it.
    birth: int
    #: The calls whose leaves this is made of: while one of them runs, somebody may ask for this one's derivative.
    calls: Calls

    shape = property(lambda self: getattr(self.answer, "shape", ()))
    dtype = property(lambda self: type_of(self.answer).dtype)
    ndim = property(lambda self: len(self.shape))
    weak = property(lambda self: type_of(self.answer).weak)


@tree.register_leaf
@frozen(eq=False, repr=False, init=False, weakref_slot=False)
class History(Entry):
    """How a value came about: an operation on older histories, keeping only the values that its rule reads.

    It is equal to itself only: to compare all that it is made of could take for ever.
    """

    def __new__(cls, op: Any, args: tuple[Any, ...], answer: Any, birth: int, calls: Calls) -> "History":
        return recorded(op, args, answer, birth, calls)


def recorded(op: Any, args: tuple[Any, ...], answer: Any, birth: int, calls: Calls) -> History:
    """A history, in half the time of a frozen object's `__init__`: docs/decisions/0002-history.md."""
    history: Any = Entry()
    history.op = op
    history.args = args
    history.answer = answer
    history.birth = birth
    history.calls = calls
    history.__class__ = History
    return history  # type: ignore[no-any-return]


@define(eq=False, repr=False, init=False)
class Draft(Operators, Methods, Refusals, Protocols):
    """A node while it is filled, which takes an instant: `made` turns it into the node, and it cannot change again."""

    #: The plain array or number if it is known, else its Type; a tuple of those for an operation of several results.
    value: Any
    #: What it is made of.
    history: History


@tree.register_leaf
@frozen(eq=False, repr=False, init=False)
class Node(Draft):
    """A traced value: the value, or its Type while it is unknown, and the history it came by.

    It behaves like the array that it stands for: NumPy's functions, operators, methods and attributes apply. It cannot
    change. `x.value` is the plain array or number of a known one, for logs and plots.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> def f(x):
    ...     print(x.shape, x)
    ...     return np.sum(x * x)
    >>> grad(f)(np.array([1.0, 2.0]))
    (2,) [1. 2.]
    array([2., 4.])
    """

    def __new__(cls, value: Any, history: History) -> "Node":
        return made(value, history)

    __hash__ = object.__hash__
    __array_priority__ = 1000.0

    # ---- what it is ------------------------------------------------------------------------------------------------
    known = property(lambda self: type(self.value) is not Type)
    type = property(lambda self: type_of(self.value))
    shape = property(lambda self: getattr(self.value, "shape", ()))
    dtype = property(lambda self: type_of(self.value).dtype)
    weak = property(lambda self: type_of(self.value).weak)
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: int(np.prod(self.shape, dtype=np.int64)))
    itemsize = property(lambda self: self.dtype.itemsize)
    nbytes = property(lambda self: self.size * self.dtype.itemsize)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return int(self.shape[0])

    def __iter__(self) -> Any:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return iter([self[i] for i in range(self.shape[0])])

    def __bool__(self) -> bool:
        if self.known:
            return bool(self.value)
        if self.value.witness is not None:
            return bool(self.value.witness.trace.decide(self, bool))
        asked = f"The truth of {expression() or 'this value'}"
        raise UnknownValue(unknown_sentences(self, asked, truth_remedy()))

    def __index__(self) -> int:
        return self._integer(Refusals.__index__)

    def __int__(self) -> int:
        return self._integer(Refusals.__int__)

    def _integer(self, refusal: Any) -> int:
        """The first call's integer while jit traces, as a guard; a real number has one only if no slope can be lost."""
        if self.known or self.value.witness is None or self.shape:
            self._unknown_integer()
            refusal(self)
        trace = self.value.witness.trace
        if self.dtype.kind not in "biu" and (refusal is Refusals.__index__ or self.history.calls != {trace.call}):
            refusal(self)
        return int(trace.decide(self, int))

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(self == item))

    def __repr__(self) -> str:
        return f"Node({self.value!r})"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        if spec and not self.known:
            raise UnknownValue(unknown_sentences(self, "The number to print", "Print its shape and dtype"))
        return format(self.value if self.known else str(self), spec)

    def __copy__(self) -> "Node":
        return self

    def __deepcopy__(self, memo: Any) -> "Node":
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse(EscapedNode, "A traced value cannot be pickled: it belongs to a running call.", "Pickle x.value.")


def made(value: Any, history: History) -> Node:
    """The node of a value and its history, in half the time of `Node(…)`: one is made for every operation."""
    node: Any = Draft()
    node.value = value
    node.history = history
    node.__class__ = Node
    return node  # type: ignore[no-any-return]


def born(value: Any, op: Any, args: tuple[Any, ...], answer: Any, calls: Calls) -> Node:
    """The node of what an operation has just made: `made` and `recorded` written out, two calls less for each."""
    history: Any = Entry()
    history.op = op
    history.args = args
    history.answer = answer
    history.birth = births()
    history.calls = calls
    history.__class__ = History
    node: Any = Draft()
    node.value = value
    node.history = history
    node.__class__ = Node
    return node  # type: ignore[no-any-return]
