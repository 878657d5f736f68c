"""Emitting: a program as the text of a Python function of NumPy's alone, with the `if … else …` that the user wrote."""

import keyword
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, field, frozen

from funcgrad import tree
from funcgrad.backends.spelling import Site, spelled
from funcgrad.errors import UntracedPath
from funcgrad.graph.graph import Constant, Step
from funcgrad.graph.op import Op, Result
from funcgrad.graph.program import Guard, Path, Signature
from funcgrad.graph.types import NUMBERS, type_of
from funcgrad.primitives.contracting import ChainEinsum, ChainMatMul, Einsum, matmul
from funcgrad.primitives.kinds import Chain, Expand
from funcgrad.primitives.pointwise import Conjugate, Imaginary, Select, mul
from funcgrad.primitives.shaping import Moved, Windows

INDENT = "    "
#: Operations whose answer may be a view of their argument.
VIEWS = (Moved, Expand, Conjugate, Imaginary)


@frozen(eq=False)
class Emitted:
    """The text of functions, the first of which is the program, and what their names stand for."""

    #: The program's name.
    name: str
    #: The lines.
    lines: tuple[str, ...]
    #: Constants and functions by name.
    namespace: dict[str, Any]

    def compiled(self) -> Callable[..., Any]:
        """The function."""
        namespace = dict(self.namespace)
        exec(compile("\n".join(self.lines), f"<funcgrad {self.name}>", "exec"), namespace)
        function: Callable[..., Any] = namespace[self.name]
        return function


def emitted(signature: Signature, paths: Sequence[Path]) -> Emitted:
    """The function of the leaves of its arguments that takes the path which the guards choose."""
    name = identifier(signature.name) or "program"
    if not any([type(step.op) in QUICK or hiding(step.op) for path in paths for step in path.graph.steps]):
        return Emitted(name, *written(signature, paths, name))
    quickly, namespace = written(signature, paths, f"{name}_quickly", quick=True)
    carefully, more = written(signature, paths, f"{name}_carefully")
    arguments = quickly[0][quickly[0].index("(") + 1 : -2]
    choice = (
        f"def {name}({arguments}):",
        f"{INDENT}invalid = []",
        f'{INDENT}with np.errstate(invalid="call", call=lambda *_: invalid.append(True)):',
        f"{INDENT * 2}answer = {name}_quickly({arguments})",
        f"{INDENT}return {name}_carefully({arguments}) if invalid or answer is NotImplemented else answer",
    )
    renamed, lines = apart(namespace, more, carefully)
    return Emitted(name, (*choice, "", "", *quickly, "", "", *lines), {**namespace, **renamed})


@frozen(eq=False)
class Numbered:
    """A path whose values have the numbers of all paths together: what is computed in two paths alike is one value."""

    #: The path.
    path: Path
    #: For each value of its graph, the number that it has in all paths.
    shared: tuple[int, ...]

    @property
    def outputs(self) -> list[int]:
        """The values of the guards and of the answers."""
        return [self.shared[i] for i in self.path.graph.outputs]

    @property
    def answers(self) -> list[int]:
        """The values of the answers."""
        return self.outputs[len(self.path.guards) :]


@frozen(eq=False)
class Line:
    """A step with shared numbers."""

    #: The step.
    step: Step
    #: The numbers of its arguments.
    args: tuple[int, ...]


@define(eq=False)
class Writer:
    """Writes lines, and gives names."""

    #: What the program is made for.
    signature: Signature
    #: Whether products of the chain rule are ordinary ones, and the answer NotImplemented where that may not do.
    quick: bool = False
    #: The lines so far.
    lines: list[str] = field(init=False, factory=list)
    #: What names stand for.
    namespace: dict[str, Any] = field(init=False, factory=lambda: {"np": np, "UntracedPath": UntracedPath})
    #: Names that are taken.
    taken: set[str] = field(init=False, factory=lambda: {"np", "UntracedPath"})
    #: How often a name was wished for.
    counts: dict[str, int] = field(init=False, factory=dict)
    #: Numbers of values by what they are.
    numbers: dict[Any, int] = field(init=False, factory=dict)
    #: The types of values by number.
    types: list[Any] = field(init=False, factory=list)
    #: The steps that make values, by number.
    made: dict[int, Line] = field(init=False, factory=dict)

    def name(self, wish: str) -> str:
        """A new name like `wish`."""
        wish = wish if wish and not keyword.iskeyword(wish) else "t"
        name, k = wish, self.counts.get(wish, 1)
        while name in self.taken:
            name, k = f"{wish}_{k}", k + 1
        self.counts[wish] = k
        self.taken.add(name)
        return name

    def number(self, what: Any, kind: Any) -> int:
        """The number of a value, new or known."""
        known = self.numbers.setdefault(what, len(self.types))
        if known == len(self.types):
            self.types.append(kind)
        return known

    def numbered(self, path: Path) -> Numbered:
        """`path` in numbers that are shared by all paths."""
        graph = path.graph
        shared = [self.number(("input", i), kind) for i, kind in enumerate(graph.inputs)]
        shared += [self.number(("constant", one.key), one) for one in graph.constants]
        for step in graph.steps:
            args = tuple([shared[i] for i in step.args])
            number = self.number((step.op, args), step.type)
            self.made.setdefault(number, Line(step, args))
            shared.append(number)
        return Numbered(path, tuple(shared))

    def branch(self, paths: list[Numbered], depth: int, names: dict[int, str], indent: str) -> None:
        """Write what paths have in common that agree on their first `depth` guards, then each side, then answers."""
        while depth < len(paths[0].path.guards):
            number = paths[0].outputs[depth]
            self.write([number], names, indent)
            sides: dict[Any, list[Numbered]] = {}
            for one in paths:
                sides.setdefault(one.path.guards[depth].answer, []).append(one)
            guard = paths[0].path.guards[depth]
            if len(sides) == 1:
                self.lines.append(f"{indent}if {condition(names[number], guard.answer, holds=False)}:{comment(guard)}")
                self.lines.append(f"{indent}{INDENT}raise UntracedPath({untraced(guard)!r})")
                depth += 1
                continue
            *others, last = sides.items() if type(guard.answer) is bool else [*sides.items(), (None, [])]
            for k, (answer, side) in enumerate(others):
                word = "elif" if k else "if"
                self.lines.append(f"{indent}{word} {condition(names[number], answer)}:{comment(guard)}")
                self.branch(side, depth + 1, dict(names), indent + INDENT)
            self.lines.append(f"{indent}else:")
            if last[1]:
                self.branch(last[1], depth + 1, dict(names), indent + INDENT)
            else:
                self.lines.append(f"{indent}{INDENT}raise UntracedPath({untraced(guard)!r})")
            return
        self.finish(paths[0], names, indent)

    def write(self, wanted: list[int], names: dict[int, str], indent: str) -> None:
        """Write all that `wanted` is made of and that has no name yet."""
        stack, missing = list(wanted), set()
        while stack:
            number = stack.pop()
            if number in names or number in missing:
                continue
            missing.add(number)
            if number in self.made:
                stack.extend(self.made[number].args)
        for number in sorted(missing):
            if number in self.made:
                names[number] = self.line(self.made[number], number, names, indent)
            else:
                names[number] = self.constant(number)

    def line(self, line: Line, number: int, names: dict[int, str], indent: str) -> str:
        """Write one step; its name."""
        step = line.step
        op = QUICK[type(step.op)](step.op) if self.quick and type(step.op) in QUICK else step.op
        kinds = [self.kind(i) for i in line.args]
        arguments = [self.literal(i, line) or names[i] for i in line.args]
        if not op.keeps_weak:
            arguments = [f"np.{t.dtype.name}({a})" if weak(t) else a for a, t in zip(arguments, kinds, strict=True)]
        text = spelled(op, Site(arguments, kinds, step.type))
        if text is None:
            function = self.name(identifier(op.name).lower())
            self.namespace[function] = op.run
            expression = f"{function}({', '.join(arguments)})"
        else:
            expression = text.text
        name = self.name(step.place.variable if step.place else "")
        if self.quick and hiding(op):
            checks = [
                f"np.isfinite(np.add.reduce({a}, None))"
                for a, t in zip(arguments[1:], kinds[1:], strict=True)
                if t.shape
            ]
            checks += [f"np.isfinite({a})" for a, t in zip(arguments[1:], kinds[1:], strict=True) if not t.shape]
            self.lines.append(f"{indent}if not ({' and '.join(checks)}):")
            self.lines.append(f"{indent}{INDENT}return NotImplemented")
        self.lines.append(f"{indent}{name} = {expression}{comment(step)}")
        return name

    def kind(self, number: int) -> Any:
        """The type of a value."""
        kind = self.types[number]
        return type_of(kind.value) if isinstance(kind, Constant) else kind

    def literal(self, number: int, line: Line) -> str:
        """A scalar constant as it is written, where Python's number leaves the dtype as it is; else nothing."""
        constant = self.types[number]
        if not isinstance(constant, Constant) or type(constant.value) is np.ndarray or not line.step.op.keeps_weak:
            return ""
        value = constant.value
        python = value.item() if isinstance(value, np.generic) else value
        if type(python) not in NUMBERS or not np.isfinite(python):
            return ""
        others = [self.kind(i) for i in line.args if i != number]
        if value is not python and not any([not t.weak and gives_way(value.dtype, t.dtype) for t in others]):
            return ""
        return f"({python!r})" if repr(python).startswith("-") else repr(python)

    def constant(self, number: int) -> str:
        """The name of a constant."""
        if isinstance(self.types[number].value, np.ndarray):
            self.types[number].value.flags.writeable = False
        name = self.name("c")
        self.namespace[name] = self.types[number].value
        return name

    def finish(self, path: Numbered, names: dict[int, str], indent: str) -> None:
        """Write the answers: each with memory of its own, in the tree that the user's function returned."""
        self.write(path.answers, names, indent)
        roots: set[int] = set()
        leaves = []
        for number in path.answers:
            root = self.root(number)
            mine = root in self.made and root not in roots and not self.stretched(number)
            leaves.append(names[number] if mine or not self.kind(number).shape else f"{names[number]}.copy()")
            roots.add(root)
        self.lines.append(f"{indent}return {self.tree(path.path.structure, iter(leaves))}")

    def root(self, number: int) -> int:
        """The value whose memory this one may share."""
        while number in self.made and isinstance(self.made[number].step.op, (*VIEWS, Result)):
            number = self.made[number].args[0]
        return number

    def stretched(self, number: int) -> bool:
        """Whether this may be a view in which elements share memory."""
        while number in self.made and isinstance(self.made[number].step.op, (*VIEWS, Result)):
            if isinstance(self.made[number].step.op, Expand | Windows | Result):
                return True
            number = self.made[number].args[0]
        return False

    def tree(self, structure: Any, leaves: Any) -> str:
        """The expression of a tree."""
        if structure is tree.LEAF or structure.cls is object:
            return str(next(leaves))
        if structure.cls is type(None):
            return "None"
        if structure.cls in (list, tuple, dict) and not structure.static:
            parts = [self.tree(child, leaves) for child in structure.children]
            if structure.cls is dict:
                pairs = dict(zip(structure.keys, parts, strict=True))
                return "{" + ", ".join([f"{key!r}: {pairs[key]}" for key in structure.order or structure.keys]) + "}"
            inside = ", ".join(parts) + ("," if structure.cls is tuple and len(parts) == 1 else "")
            return f"[{inside}]" if structure.cls is list else f"({inside})"
        name = self.name("answer_tree")
        self.namespace[name] = structure.unflatten
        return f"{name}([{', '.join([next(leaves) for _ in range(len(structure))])}])"


def written(
    signature: Signature, paths: Sequence[Path], name: str, quick: bool = False
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The lines of a function, and what its names stand for."""
    writer = Writer(signature, quick)
    writer.taken.add(name)
    numbered = [writer.numbered(path) for path in paths]
    names = {writer.numbers["input", i]: writer.name(identifier(one)) for i, one in enumerate(signature.names)}
    arguments = ", ".join(names.values())
    writer.branch(numbered, 0, names, INDENT)
    return (f"def {name}({arguments}):", *writer.lines), writer.namespace


def apart(one: dict[str, Any], other: dict[str, Any], lines: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The names of `other`, renamed where `one` has them for something else, in `lines` too."""
    renamed = {name: f"{name}_" for name, value in other.items() if name in one and one[name] is not value}
    text = "\n".join(lines)
    for old, new in renamed.items():
        text = re.sub(rf"\b{old}\b", new, text)
    return {renamed.get(name, name): value for name, value in other.items()}, tuple(text.split("\n"))


#: For each product of the chain rule, the ordinary one, which is right where no 0·∞ occurs.
QUICK: dict[type[Op], Callable[[Any], Op]] = {
    Chain: lambda op: mul,
    ChainEinsum: lambda op: Einsum(op.subscripts),
    ChainMatMul: lambda op: matmul,
}


def hiding(op: Op) -> bool:
    """Whether a step is a choice that may hide infinities."""
    return isinstance(op, Select) and op.hides


def gives_way(small: np.dtype[Any], large: np.dtype[Any]) -> bool:
    """Whether a scalar of the one dtype beside an array of the other is as good as a Python number."""
    return bool(np.result_type(small, large) == large) and not (
        small.kind == "f" and large.kind != "f" and large.kind != "c"
    )


def weak(kind: Any) -> bool:
    """Whether a type, or none of a tuple of types, is that of a Python number."""
    return type(kind) is not tuple and bool(kind.weak)


def identifier(name: str) -> str:
    """`name` as an identifier: params['w'] becomes params_w."""
    word = re.sub(r"\W+", "_", name).strip("_")
    if keyword.iskeyword(word):
        return f"{word}_"
    return word if word and not word[0].isdigit() else f"t{word}" if word else ""


def condition(name: str, answer: bool | int, holds: bool = True) -> str:
    """The test of a guard."""
    if type(answer) is bool:
        return name if answer is holds else f"not {name}"
    return f"int({name}) {'==' if holds else '!='} {answer}"


def untraced(guard: Guard) -> str:
    """The message of a branch that was never traced."""
    what = f"`{guard.text}`" if guard.text else "a value"
    where = f" ({guard.place})" if guard.place else ""
    return (
        f"This program was never traced where {what} is other than {guard.answer}{where}. It holds the paths traced so "
        "far. Trace the function again with an argument that takes this path."
    )


def comment(source: Any) -> str:
    """The user's line, at the end of one."""
    return f"  # {source.place}" if source.place else ""
