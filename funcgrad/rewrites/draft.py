"""Draft: a graph being written anew, each step rewritten until no identity shortens it, equal steps shared."""

from collections.abc import Callable, Hashable
from math import prod
from typing import Any

import numpy as np
from attrs import define, evolve, field, frozen

from funcgrad.graph.graph import Constant, Graph, Step
from funcgrad.graph.op import Op
from funcgrad.graph.places import Place
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import Expand, Pointwise
from funcgrad.primitives.shaping import Reshape

#: What an identity may be asked about: the name of a pointwise function, or the class of another operation.
Key = str | type[Op]
#: The key of identities of all functions that work element by element.
ELEMENTWISE = "elementwise"
#: The keys of values that no step makes.
INPUT, CONSTANT = "input", "constant"
#: What may be, or be filled with, one number.
NUMBER: tuple[Key, ...] = (CONSTANT, Expand)
#: Functions of which f(x, y) and f(y, x) agree to the bit.
SYMMETRIC = frozenset({"add", "multiply", "chain", "equal", "not_equal", "bitwise_or", "bitwise_and", "logical_or"})
#: Up to so many elements is an array computed when the graph is written, and kept.
SMALL = 1 << 12
#: Up to so many bytes are arrays compared by what they hold.
COMPARED = 1 << 16


@frozen(eq=False)
class Identity:
    """A named identity: a function of (draft, operation, arguments, type) to the value that stands instead, or None."""

    #: The operations that it may hold for.
    keys: tuple[Key, ...]
    #: What made an argument for it to hold: one of these; empty where that does not matter.
    after: frozenset[Key]
    #: The function.
    rule: Callable[["Draft", Any, tuple[int, ...], Any], int | None]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.rule.__name__

    @property
    def mathematics(self) -> str:
        """What it says, in a line."""
        return (self.rule.__doc__ or "").partition("\n")[0]


def identity(*keys: Key, after: tuple[Key, ...] = ()) -> Callable[[Callable[..., int | None]], Identity]:
    """Mark a function as an identity of these operations, one argument of which was made by one of `after`."""
    return lambda rule: Identity(keys, frozenset(after), rule)


def key_of_op(op: Op) -> Key:
    """What identities know an operation by."""
    return op.name if isinstance(op, Pointwise) else type(op)


@define(eq=False)
class Draft:
    """The values of a new graph by number, in the order in which they are made; those not needed go at the end."""

    #: Identities by the operations that they may hold for.
    identities: dict[Key, tuple[Identity, ...]]
    #: Each value's key, operation, arguments, type, place, and how often the old graph uses it.
    keys: list[Key] = field(init=False, factory=list)
    ops: list[Any] = field(init=False, factory=list)
    args: list[tuple[int, ...]] = field(init=False, factory=list)
    types: list[Any] = field(init=False, factory=list)
    places: list[Place | None] = field(init=False, factory=list)
    uses: list[int] = field(init=False, factory=list)
    #: The constants by number.
    values: dict[int, Constant] = field(init=False, factory=dict)
    #: Numbers of constants by what they hold, and of steps by (operation, arguments).
    constants: dict[Hashable, int] = field(init=False, factory=dict)
    table: dict[tuple[int, tuple[int, ...]], int] = field(init=False, factory=dict)
    #: The identities that may hold, by the keys of an operation and of its arguments.
    chosen: dict[tuple[Key, ...], tuple[Identity, ...]] = field(init=False, factory=dict)
    #: For each operation met, one that equals it, by identity and by key; the operations are kept, so that ids stay.
    same: dict[int, tuple[int, Op]] = field(init=False, factory=dict)
    equals: dict[Hashable, int] = field(init=False, factory=dict)
    #: What has been found of constants: the one number that fills them, and their diagonals if these are few.
    filling: dict[int, int | None] = field(init=False, factory=dict)
    banded: dict[tuple[int, int], Any] = field(init=False, factory=dict)
    #: Which matrices are seen to be symmetric.
    symmetric: dict[int, bool] = field(init=False, factory=dict)
    #: Where the step that is rewritten now was written.
    place: Place | None = field(init=False, default=None)
    #: The names of the identities that held.
    held: list[str] = field(init=False, factory=list)

    # ---- values ------------------------------------------------------------------------------------------------------
    def append(self, key: Key, op: Op | None, args: tuple[int, ...], kind: Any) -> int:
        """A new value."""
        self.keys.append(key)
        self.ops.append(op)
        self.args.append(args)
        self.types.append(kind)
        self.places.append(self.place)
        self.uses.append(0)
        return len(self.keys) - 1

    def constant(self, value: Any) -> int:
        """The number of a constant."""
        one = value if isinstance(value, Constant) else Constant(value)
        if type(one.value) is np.ndarray and not one.value.ndim:
            one = Constant(one.value[()])  # NumPy's number, which is what operations make
        a = one.value
        key: Hashable = id(a) if type(a) is np.ndarray else one.key
        if type(a) is np.ndarray and a.nbytes <= COMPARED:
            key = (a.dtype.str, a.shape, a.tobytes())
        number = self.constants.get(key)
        if number is None:
            number = self.constants[key] = self.append(CONSTANT, None, (), type_of(a))
            self.values[number] = one
        return number

    def interned(self, op: Op) -> int:
        """A number that equal operations have in common."""
        found = self.same.get(id(op))
        if found is None:
            found = self.same[id(op)] = (self.equals.setdefault(op.key, len(self.equals)), op)
        return found[0]

    def __call__(self, op: Op, *args: int) -> int:
        """The answer of an operation: made before, or rewritten, or new."""
        return self.step(op, args)

    def step(self, op: Op, args: tuple[int, ...], kind: Any = None) -> int:
        """The same, where the answer's type may be known."""
        same, key = self.interned(op), key_of_op(op)
        number = self.table.get((same, args))
        if number is None and key in SYMMETRIC:
            number = self.table.get((same, args[::-1]))
        if number is None:
            kind = self.inferred(op, args) if kind is None else kind
            number = self.folded(op, args, kind)
            if number is None:
                number = self.rewritten(key, op, args, kind)
            if number is None:
                number = self.append(key, op, args, kind)
            self.table[same, args] = number
        return number

    def rewritten(self, key: Key, op: Op, args: tuple[int, ...], kind: Any) -> int | None:
        """What an identity puts in place of a step; None if none holds."""
        made = (key, *[self.keys[i] for i in args])
        found = self.chosen.get(made)
        if found is None:
            found = self.chosen[made] = self.choose(key, op, set(made[1:]))
        for one in found:
            number = one.rule(self, op, args, kind)
            if number is not None and (self.types[number] is kind or self.types[number] == kind):
                self.held.append(one.name)
                return number
        return None

    def choose(self, key: Key, op: Op, below: set[Key]) -> tuple[Identity, ...]:
        """The identities that may hold for an operation of arguments that were made so."""
        found = self.identities.get(key)
        if found is None:
            found = self.identities.get(ELEMENTWISE, ()) if isinstance(op, Pointwise) else ()
        return tuple([one for one in found if not one.after or not below.isdisjoint(one.after)])

    def inferred(self, op: Op, args: tuple[int, ...]) -> Any:
        """The type of the answer of an operation."""
        return op.answer_type([self.types[i] for i in args])

    def fits(self, kind: Any, op: Op, args: tuple[int, ...]) -> bool:
        """Whether the answer of an operation has this type."""
        try:
            return bool(self.inferred(op, args) == kind)
        except (ValueError, TypeError):
            return False

    def folded(self, op: Op, args: tuple[int, ...], kind: Any) -> int | None:
        """The answer as a constant, where all arguments are constants and it is small."""
        for i in args:
            if i not in self.values:
                return None
        if not args or type(kind) is not Type or prod(kind.shape) > SMALL:
            return None
        try:
            answer = op(*[self.values[i].value for i in args])
        except Exception:  # noqa: BLE001  # whatever the operation raises, it shall raise when the program runs
            return None
        if isinstance(answer, np.ndarray):
            answer = answer.copy()
            answer.flags.writeable = False
        if type_of(answer) != kind:
            return None
        self.held.append("constants")
        return self.constant(answer)

    # ---- what identities ask -----------------------------------------------------------------------------------------
    def made(self, number: int, *keys: Key) -> tuple[int, ...] | None:
        """The arguments of the operation that made a value, if it is one of these."""
        return self.args[number] if self.keys[number] in keys else None

    def single(self, number: int) -> bool:
        """Whether nothing else needs this value."""
        return self.uses[number] == 1

    def shape(self, number: int) -> tuple[int, ...]:
        """The shape of a value."""
        shape: tuple[int, ...] = self.types[number].shape
        return shape

    def real(self, *numbers: int) -> bool:
        """Whether these are real floating-point values."""
        return all([self.types[i].dtype.kind == "f" for i in numbers])

    def factor(self, number: int) -> Any:
        """The number that a constant is, or is filled with; None for anything else."""
        thin = self.thin(number)
        return self.values[thin].value if thin in self.values and self.types[thin].shape == () else None

    def thin(self, number: int) -> int:
        """A smaller value that broadcasts to the same: what was expanded, or the number that fills a constant."""
        key = self.keys[number]
        if key == CONSTANT:
            filling = self.filled(number)
            return number if filling is None else filling
        if key is not Expand:
            return number
        (x,), op = self.args[number], self.ops[number]
        shape = tuple([1 if i in op.axes else n for i, n in enumerate(op.shape)])
        while shape and shape[0] == 1 and len(shape) > len(self.shape(x)):
            shape = shape[1:]
        return x if shape == self.shape(x) or not self.shape(x) else self(Reshape(shape), x)

    def filled(self, number: int) -> int | None:
        """The number that fills a constant array; None if there are several, or none."""
        if number not in self.filling:
            a, answer = self.values[number].value, None
            if isinstance(a, np.ndarray) and a.size:
                one, last = a.flat[0], a.flat[a.size - 1]
                repeated = not any([step for step, n in zip(a.strides, a.shape, strict=True) if n > 1])
                if repeated or (one == last == a.flat[a.size // 2] and a.tobytes() == one.tobytes() * a.size):
                    answer = self.constant(one)
            self.filling[number] = answer
        return self.filling[number]

    # ---- the whole ---------------------------------------------------------------------------------------------------
    def rewrite(self, graph: Graph, plans: dict[int, "Plan"]) -> list[int]:
        """Write a graph anew, some of its values by plan; the new numbers of its outputs."""
        uses = used(graph)
        numbers = [self.append(INPUT, None, (), kind) for kind in graph.inputs]
        numbers += [self.constant(one) for one in graph.constants]
        for i, number in enumerate(numbers):
            self.uses[number] += uses[i]
        for step in graph.steps:
            i, place = len(numbers), step.place
            self.place = evolve(place, variable="") if place and place.variable else place
            before = len(self.keys)
            number = plans[i](self, numbers) if i in plans else -1
            if number >= 0 and self.types[number] == step.type:
                self.held.append("gathering")
            else:
                number = self.step(step.op, tuple([numbers[a] for a in step.args]), step.type)
            if number >= before:
                self.places[number] = place
            self.uses[number] += uses[i]
            numbers.append(number)
        return [numbers[i] for i in graph.outputs]

    def finished(self, inputs: int, outputs: list[int]) -> Graph:
        """The graph of what the outputs need, in the order in which it was made."""
        needed = bytearray(len(self.keys))
        for number in outputs:
            needed[number] = 1
        for number in range(len(self.keys) - 1, -1, -1):
            if needed[number]:
                for i in self.args[number]:
                    needed[i] = 1
        kept = [i for i in self.values if needed[i]]
        steps = [i for i in range(len(self.keys)) if needed[i] and self.ops[i] is not None]
        numbers = {number: i for i, number in enumerate([*range(inputs), *kept, *steps])}
        return Graph(
            tuple(self.types[:inputs]),
            tuple([self.values[i] for i in kept]),
            tuple(
                [
                    Step(self.ops[i], tuple([numbers[a] for a in self.args[i]]), self.types[i], self.places[i])
                    for i in steps
                ]
            ),
            tuple([numbers[i] for i in outputs]),
        )


#: Writes a value in another way: a function of the draft, and of the new numbers of the old values before it.
Plan = Callable[[Draft, list[int]], int]


def used(graph: Graph) -> list[int]:
    """How often each value is used, by steps and as an output."""
    counts = [0] * (len(graph.inputs) + len(graph.constants) + len(graph.steps))
    for step in graph.steps:
        for i in step.args:
            counts[i] += 1
    for i in graph.outputs:
        counts[i] += 1
    return counts
