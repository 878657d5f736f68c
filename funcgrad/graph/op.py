"""Op: an operation, and how it meets its arguments: at once if they are known, staged if one is not."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import fields, frozen
from numpy import ndarray

from funcgrad.errors import BadArgument
from funcgrad.graph.calls import Call, Calls, frozen_array, hold, set_writeable
from funcgrad.graph.node import History, Node, born, made, recorded
from funcgrad.graph.tracing import Later, Witness
from funcgrad.graph.types import NUMBERS, PLAIN, STRONG, Type, digest_of, grown, key_of, type_of

#: Of arrays of so many numbers the first call's answers are left for later.
DEFERRED = 1 << 15


@frozen(eq=False, repr=False)
class Op:
    """An operation with its static parameters as fields: it can be compared, hashed, printed and digested."""

    #: Whether the rule reads the answer.
    reads_answer: ClassVar[bool] = False
    #: Whether only the other mode is stated, so that the sweep transposes it.
    transposed_pull: ClassVar[bool] = False
    transposed_push: ClassVar[bool] = False
    #: Whether the answer may leave out infinities or NaN among the arguments, as a choice does.
    hides: ClassVar[bool] = False
    #: Whether it is a choice at all.
    chooses: ClassVar[bool] = False
    #: Whether the answer is a tuple.
    several: ClassVar[bool] = False
    #: Whether a Python number among the arguments stays one, giving way to the dtypes of the others.
    keeps_weak: ClassVar[bool] = False
    #: Whether the derivative is zero wherever it exists: then a known answer needs no history.
    constant: ClassVar[bool] = False
    #: Whether it runs a function of the user's, which no saved program and no text can hold.
    users: ClassVar[bool] = False
    #: Whether it is a loop, with methods `narrowed` and `joined`, for a program to be written, and `moved`.
    loops: ClassVar[bool] = False
    #: A function that a program calls instead of `run`, where one is quicker.
    program: ClassVar[Any] = None
    #: The graphs that it runs, each with how many times; a loop of unknown length counts as one step.
    inside: ClassVar[Any] = ()
    #: Whether `infer` finds all that can be wrong: then `jit` runs it on large arrays only to return the answer.
    defers: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name that is printed."""
        return type(self).__name__

    @property
    def key(self) -> Hashable:
        """The class and the fields, told apart to the last bit: what makes two operations one."""
        cls = type(self)
        return (f"{cls.__module__}.{cls.__qualname__}", *(key_of(getattr(self, f.name)) for f in fields(cls) if f.init))

    @property
    def digest(self) -> str:
        """The key's SHA-256: the same in every process and on every machine."""
        return digest_of(repr(self.key).encode())

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Op) and self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in fields(type(self)) if f.init)})"

    def __call__(self, *args: Any) -> Any:
        """The answer: plain if all arguments are, else a Node, known if all arguments are."""
        calls, values = None, []
        for a in args:
            if type(a) is Node:
                calls = a.history.calls if calls is None else joined(calls, a.history.calls)
                values.append(a.value)
            else:
                values.append(a)
        if calls is None:
            if not self.keeps_weak and not NUMBERS.isdisjoint(map(type, args)):
                args = tuple(map(strong, args))
            return self.run(*args)
        kinds = set(map(type, values))
        if not self.keeps_weak and not NUMBERS.isdisjoint(kinds):
            args = tuple([strong(a) for a in args])
            values = [a.value if type(a) is Node else a for a in args]
        if Type in kinds or (tuple in kinds and any([unknown(v) for v in values])):
            return self.stage(calls, args, values)
        answer = self.run(*values)
        if self.constant:
            return answer
        return self.grow(calls, self.keep(args), answer)

    def fewer(self, asked: tuple[int, ...]) -> tuple["Op", dict[int, int]] | None:
        """An operation that gives fewer of several results, and the place of each that is asked; None if none does."""
        return None

    def grow(self, calls: Calls, kept: tuple[Any, ...], answer: Any) -> Any:
        """The node, or the nodes, of a known answer."""
        kept = tuple([hold(a, calls) if type(a) is ndarray else a for a in kept])
        if self.several:
            answer = tuple(map(frozen_array, answer))
            return self.results(born(answer, self, kept, answer, calls))
        remembered = answer
        if type(answer) is ndarray:
            set_writeable(answer, False)
            if not self.reads_answer:
                remembered = grown(Type, (answer.shape, answer.dtype, False, None))
        return born(answer, self, kept, remembered, calls)

    def stage(self, calls: Calls, args: tuple[Any, ...], values: list[Any]) -> Any:
        """The node of an answer that is not known yet: it keeps all its arguments, for a fold to replay."""
        witness = witness_of(values)
        if witness is not None:
            answer = self.witnessed(witness.trace, values)
        else:
            answer = self.answer_type(map(type_of, values))
        kept = tuple([hold(a, calls) if type(a) is ndarray else a for a in args])
        node = born(answer, self, kept, answer, calls)
        return self.results(node) if self.several else node

    def answer_type(self, types: Iterable[Any]) -> Any:
        """The answer's Type from the arguments' Types, weak ones among them."""
        return self.infer(*(types if self.keeps_weak else [t if type(t) is tuple else t.strong() for t in types]))

    def witnessed(self, trace: Any, values: list[Any]) -> Any:
        """The type of the answer, and the answer for the first call's numbers: that of large arrays for later."""
        if self.defers and any([for_later(v) for v in values]):
            deferred = self.deferred(trace, values)
            if deferred is not None:
                return deferred
        examples = [example_of(v) for v in values]
        if not self.keeps_weak:
            examples = [e if type(e) is tuple else strong(e) for e in examples]
        answer, place = self.run(*examples), trace.position()
        if type(answer) is tuple:
            return tuple([typed(part, trace, place) for part in answer])
        return typed(answer, trace, place)

    def deferred(self, trace: Any, values: list[Any]) -> Type | None:
        """The type of the answer, and how it is computed; None where the operation itself shall say what is wrong."""
        if not self.keeps_weak:
            values = [strong(v) if type(v) is not Type else v for v in values]
        kinds = [type_of(v).bare() if self.keeps_weak else type_of(v).bare().strong() for v in values]
        if any([k.weak != type_of(v).weak for k, v in zip(kinds, values, strict=True)]):
            return None
        try:
            kind = self.infer(*kinds)
        except (TypeError, ValueError):
            return None
        args = tuple([v.witness.example if type(v) is Type else v for v in values])
        return Type(kind.shape, kind.dtype, kind.weak, Witness(trace, Later(self, args), trace.position()))

    def results(self, node: Node) -> tuple[Any, ...]:
        """The nodes of an operation of several results."""
        return tuple([Result(i)(node) for i in range(len(node.value))])

    # ---- what a kind or an operation states ------------------------------------------------------------------------
    def run(self, *args: Any) -> Any:
        """The answer on plain values."""
        raise TypeError(f"{self.name} states no run")

    def infer(self, *args: Any) -> Any:
        """The answer's Type from the arguments' Types."""
        raise TypeError(f"{self.name} states no infer")

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as the history keeps them: whole where a rule reads them, else by their Type."""
        return args

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        """The cotangents of the `wanted` arguments; None for zero."""
        raise TypeError(f"{self.name} states no pullback")

    def shares(self, zbar: Any, h: History, call: Call, by_nodes: bool) -> Any:
        """What a sweep asks first: pairs of an argument's history and its cotangent; none where `pull` is to be asked.

        For operations that have a quicker way than `pull`, which has to ask what leads to a leaf of `call`, and whether
        rules run on nodes.
        """
        return ()

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        """As `pull`, where z̄ may be 0 because a choice did not take this branch: then 0·∞ and 0·NaN are 0."""
        return self.pull(zbar, z, args, wanted)

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        """The answer's tangent from the arguments' tangents, where None is zero."""
        raise TypeError(f"{self.name} states no pushforward")

    def dropped(self) -> None:
        """What a constant operation says where a derivative ends at it: nothing, unless zero would be wrong."""

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        """The answer for a batch: axis 0 of the arguments that `which` marks, and of the answer."""
        raise TypeError(f"{self.name} states no batch rule")


@frozen(eq=False)
class Argument:
    """An argument of a call's function, for the leaves that belong to it."""

    #: The call.
    call: Call
    #: Its position, or its keyword.
    name: int | str
    #: The structure of its tree; None where a leaf is the whole argument.
    structure: Any = None


@frozen(eq=False, repr=False)
class Leaf(Op):
    """z = x under a fresh name: what a call differentiates with respect to, or maps over."""

    #: The argument that it belongs to.
    source: Argument
    #: Which leaf of that argument's tree it is.
    position: int

    call = property(lambda self: self.source.call)
    argument = property(lambda self: self.source.name)
    structure = property(lambda self: self.source.structure)

    def run(self, x: Any) -> Any:
        return x

    def infer(self, x: Any) -> Any:
        return x

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [zbar]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return dots[0]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return args[0]


@frozen(eq=False)
class Delayed:
    """The tangent of a result that few ask for: it is computed for those who do."""

    #: What computes it.
    known: Any


@frozen(eq=False, repr=False)
class Result(Op):
    """z = xᵢ: one of the results of an operation of several."""

    #: Which one.
    index: int

    def __call__(self, *args: Any) -> Any:
        (parent,) = args
        if type(parent) is not Node:
            return parent[self.index]
        value = parent.value[self.index]
        return born(value, self, (parent.history,), value, parent.history.calls)

    def run(self, x: Any) -> Any:
        return x[self.index]

    def infer(self, x: Any) -> Any:
        return x[self.index]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        dot = dots[0][self.index]
        return dot.known() if type(dot) is Delayed else dot

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return args[0][self.index]


@frozen(eq=False, repr=False)
class Weakness(Op):
    """z = x as NumPy's number, or as Python's: only the rank in promotion changes.  It is staged, never run alone."""

    #: Whether the answer is a Python number.
    weak: bool

    keeps_weak: ClassVar[bool] = True

    def run(self, x: Any) -> Any:
        return x.item() if self.weak and type(x) not in NUMBERS else x if self.weak else strong(x)

    def infer(self, x: Any) -> Any:
        return x._replace(weak=self.weak, witness=None)

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [zbar]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return dots[0]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return args[0]


def witness_of(values: list[Any]) -> Any:
    """The witness of a trace that knows the first call's number for each unknown of `values`; None if none does.

    Of several traces it is the inner one, which began last: its graph takes values of the outer ones in.
    """
    witness = None
    for value in values:
        for one in value if type(value) is tuple else (value,):
            if type(one) is Type:
                if one.witness is None:
                    return None
                if witness is None or one.witness.trace.call.birth > witness.trace.call.birth:
                    witness = one.witness
    return witness


def example_of(value: Any) -> Any:
    """A value, or the first call's in place of one that is unknown."""
    if type(value) is tuple:
        return tuple([example_of(one) for one in value])
    return value.witness.known() if type(value) is Type else value


def for_later(value: Any) -> bool:
    """Whether a value is a large array, or was left for later itself."""
    example = value.witness.example if type(value) is Type else value
    return type(example) is Later or (type(example) is ndarray and example.size >= DEFERRED)


def typed(value: Any, trace: Any, place: Any) -> Type:
    """The type of an example, with the example."""
    kind = type_of(frozen_array(value))
    return Type(kind.shape, kind.dtype, kind.weak, Witness(trace, value, place))


def joined(one: Calls, other: Calls) -> Calls:
    """The calls of an answer: all those of its arguments."""
    if one is other or one >= other:
        return one
    return other if other >= one else one | other


def unknown(value: Any) -> bool:
    """Whether a value is, or contains, a Type."""
    return type(value) is Type or (type(value) is tuple and any([type(v) is Type for v in value]))


def strong(a: Any) -> Any:
    """`a` no longer weak: outside arithmetic a Python number takes part as NumPy's own."""
    if type(a) is Node:
        value = a.value
        if type(value) is Type:
            return Weakness(False)(a) if value.weak else a
        return made(STRONG[type(value)](value), a.history) if type(value) in STRONG else a
    return STRONG[type(a)](a) if type(a) in STRONG else a


def weak(a: Any) -> Any:
    """`a`, a scalar, as a Python number again: what a cotangent of a Python number is."""
    value = a.value if type(a) is Node else a
    if type(value) is Type:
        return a if value.weak else Weakness(True)(a)
    if type(value) not in NUMBERS:
        value = value.item()
    return made(value, a.history) if type(a) is Node else value


def node_of(h: History) -> Any:
    """The answer of a history as a node again, or as its nodes if it has several results."""
    node = made(h.answer, h)
    return h.op.results(node) if h.op.several else node


def forget(a: Any) -> Any:
    """What remains of an argument that no rule reads: its history, or its Type."""
    if type(a) is Node:
        return a.history
    return type_of(a) if type(a) is ndarray else a


def admit(a: Any) -> Any:
    """A constant as an operation takes it: a number, or an array of numbers; anything else is refused by name."""
    kind = type(a)
    if kind in PLAIN or kind is Node:
        if kind is ndarray and a.dtype.kind not in "biufc":
            raise BadArgument(
                f"An array of dtype {a.dtype} met a traced value. Only boolean, integer, real and complex arrays can. "
                "Build it with np.stack or funcgrad.numpy.array, or convert it with astype(float)."
            )
        return a
    if kind in (list, tuple):
        if any(type(item) is Node for item in a):
            raise BadArgument(
                f"A {kind.__name__} of traced values met a traced value. NumPy would read it as an array. "
                "Write np.stack([x, y]) or funcgrad.numpy.array([x, y])."
            )
        return admit(np.asarray(a))
    if kind is np.memmap:
        return np.asarray(a)
    raise BadArgument(
        f"A {kind.__module__}.{kind.__qualname__} met a traced value. Operations take arrays and numbers. "
        "Convert it first, with np.asarray(a) if nothing is lost by it."
    )


def fresh_leaf(call: Call, value: Any, argument: int | str = 0, position: int = 0, structure: Any = None) -> Node:
    """A fresh name for `value`, which may be a Type: what a call differentiates with respect to, or maps over."""
    return leaf_at(Argument(call, argument, structure), position, value, frozenset({call}))


def leaf_at(source: Argument, position: int, value: Any, own: Calls) -> Node:
    """A leaf of an argument.

    `own` is the set of the call alone, the very same object for all its leaves: operations then join sets at a glance.
    """
    leaf, birth = Leaf(source, position), source.call.birth
    if type(value) is ndarray:
        kept = hold(value, own)
        return made(kept, recorded(leaf, (), grown(Type, (kept.shape, kept.dtype, False, None)), birth, own))
    if type(value) is not Node:
        return made(value, recorded(leaf, (), value, birth, own))
    kept = value.value
    answer = type_of(kept) if type(kept) is ndarray else kept
    return made(kept, recorded(leaf, (value,), answer, birth, own | value.history.calls))
