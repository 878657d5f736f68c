"""Naming: the names in a function's text, and the memory that they stand for."""

import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterable
from math import prod
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad.backends.numbering import Values
from funcgrad.backends.planning import Plan
from funcgrad.backends.spelling import Spelled
from funcgrad.errors import UntracedPath
from funcgrad.graph.dispatch import EXTRAS
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.pointwise import Conjugate, PowerBy

#: From so many bytes on, an array is let go after its last use.
LARGE = 1 << 20
#: The names of some numbers.
WORDS = {"0": "zero", "0.5": "half", "1": "one", "2": "two", "3": "three", "minus_1": "minus_one"}
#: Longer numbers have no name of their own.
SHORT = 8
#: Python's own names that occur in programs.
BUILTINS = {
    "abs", "bool", "float", "int", "range", "slice", "ArithmeticError", "FloatingPointError", "IndexError",
    "RuntimeWarning",
}  # fmt: skip


@define(eq=False)
class Globals:
    """What the functions of a program share: constants, and operations that have no spelling."""

    #: The optional libraries' modules that the program calls, by name.
    modules: dict[str, Any] = field(factory=dict)
    #: What names stand for.
    namespace: dict[str, Any] = field(init=False)
    #: Names by what they stand for.
    known: dict[Any, str] = field(init=False, factory=dict)

    @namespace.default
    def _namespace(self) -> dict[str, Any]:
        return {"np": np, "UntracedPath": UntracedPath, **self.modules}


@define(eq=False)
class Memory:
    """An array's memory while the program runs."""

    #: The name of the buffer; empty for memory that the program asked NumPy for.
    buffer: str
    #: Its shape and dtype.
    key: Any
    #: The names that hold it.
    names: list[str]


@define(eq=False)
class Names:
    """The names and the memory of one function."""

    #: All values.
    values: Values
    #: What the functions share.
    globals: Globals
    #: The statement for the case that a product met 0·∞; empty where products are careful themselves.
    otherwise: str = ""
    #: The lines so far.
    lines: list[str] = field(init=False, factory=list)
    #: Names that are taken.
    taken: set[str] = field(init=False)
    #: How often a name was wished for.
    wishes: Counter[str] = field(init=False, factory=Counter)
    #: How often each value is used.
    counts: Counter[int] = field(init=False, factory=Counter)
    #: The roots of the answers, which must be memory that no other call sees.
    kept: set[int] = field(init=False, factory=set)
    #: The buffers, and the shape and dtype of each.
    scratch: dict[str, Any] = field(init=False, factory=dict)
    #: The expressions of values.
    names: dict[int, Spelled] = field(init=False, factory=dict)
    #: The memory of roots.
    memory: dict[int, Memory] = field(init=False, factory=dict)
    #: The buffers that are free, by shape and dtype.
    free: dict[Any, list[str]] = field(init=False, factory=dict)

    @taken.default
    def _taken(self) -> set[str]:
        return {*self.globals.namespace, *BUILTINS}

    def name(self, wish: str) -> str:
        """A new name like `wish`."""
        wish = wish if wish and not keyword.iskeyword(wish) else "t"
        name, k = wish, self.wishes[wish] or 1
        while name in self.taken:
            name, k = f"{wish}_{k}", k + 1
        self.wishes[wish] = k
        self.taken.add(name)
        return name

    def shared(self, key: Any, wish: str, make: Callable[[], Any]) -> str:
        """The name of something that the program is given, such as a constant."""
        if key not in self.globals.known:
            name = self.globals.known[key] = self.name(wish)
            self.globals.namespace[name] = make()
        return self.globals.known[key]

    def ones(self, n: int, dtype: np.dtype[Any]) -> str:
        """The name of an array of ones."""
        return self.shared(("ones", n, dtype), f"ones_{n}", lambda: frozen(np.ones(n, dtype)))

    def filled(self, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
        """The name of an array of this number; empty where the dtype has no such number."""
        if dtype.char not in "df" or not dtype.isnative:
            return ""
        with np.errstate(over="ignore"):
            array = np.full(shape, value, np.float64).astype(dtype)
        if not np.isfinite(array).all():
            return ""
        text = repr(value).removesuffix(".0").replace("-", "minus_")
        word = WORDS.get(text) or (identifier(f"number_{text}") if len(text) <= SHORT else "number")
        wish = "_".join([f"{word}s", *map(str, shape)]) if shape else word
        return self.shared(("filled", repr(value), shape, dtype), wish, lambda: frozen(array))

    def of(self, number: int) -> Spelled:
        """The expression of a value: a constant has a name as soon as it is asked for."""
        if number not in self.names:
            constant = self.values.types[number]
            self.names[number] = Spelled(self.shared(number, "c", lambda: frozen(constant.value)))
        return self.names[number]

    # ---- memory ------------------------------------------------------------------------------------------------------
    def dead(self, number: int, place: int, plan: Plan) -> Memory | None:
        """The memory of an argument that is used for the last time here, and element by element."""
        line, roots = self.values.made[number], self.values.roots
        if not isinstance(line.step.op, Pointwise | PowerBy | Conjugate):
            return None
        key = (line.step.type.shape, line.step.type.dtype)
        for arg in line.args:
            memory = self.memory.get(arg)
            if memory is None or plan.last.get(arg) != place or memory.key != key or arg in plan.within:
                continue
            if number in self.kept and memory.buffer:
                continue
            if not any([arg in roots[other] for other in line.args if other != arg]):
                del self.memory[arg]
                return memory
        return None

    def buffer(self, number: int, key: Any) -> Memory | None:
        """A buffer that is free; None for an answer, which is to have memory of its own."""
        return None if number in self.kept else self.take(key)

    def take(self, key: Any) -> Memory:
        """A buffer of this shape and dtype."""
        free = self.free.get(key)
        if free:
            name = free.pop()
        else:
            name = self.name("s")
            self.scratch[name] = key
        return Memory(name, key, [name])

    def release(self, roots: Iterable[int], indent: str) -> None:
        """Let memory go that was used for the last time."""
        gone: list[str] = []
        for root in roots:
            memory = self.memory.pop(root, None)
            if memory is None:
                continue
            if memory.buffer:
                self.free.setdefault(memory.key, []).append(memory.buffer)
            elif prod(memory.key[0]) * memory.key[1].itemsize >= LARGE:
                gone += memory.names
        if gone:
            self.lines.append(f"{indent}del {', '.join(gone)}")


def frozen(value: Any) -> Any:
    """A constant that nobody can write to."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def identifier(name: str) -> str:
    """`name` as an identifier: params['w'] becomes params_w."""
    word = re.sub(r"\W+", "_", name).strip("_")
    if keyword.iskeyword(word):
        return f"{word}_"
    return word if word and not word[0].isdigit() else f"t{word}" if word else ""


def function_name(name: str) -> str:
    """The name of a program after that of the user's function, which may be that of something programs use."""
    word = identifier(name) or "program"
    modules = [library.rpartition(".")[2] for library in EXTRAS]
    return f"{word}_" if word in BUILTINS or word in Globals().namespace or word in modules else word
