"""Program: a staged function as a value, which can be compared, hashed, printed, pickled, saved and run."""

from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from typing import Any, NoReturn

from attrs import field, frozen

from funcgrad import tree
from funcgrad.backends.costing import Cost, cost_of
from funcgrad.backends.interpreting import interpreted
from funcgrad.backends.module import module
from funcgrad.errors import BadArgument, EscapedNode
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.op import unknown
from funcgrad.graph.program import Path, Signature
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, digest_of, type_of
from funcgrad.transforms.arguments import Arguments, admitted, signature, static_arguments, without_static
from funcgrad.transforms.jitting import Specialised, numpy_source
from funcgrad.transforms.recording import traced
from funcgrad.transforms.saving import read, written


def in_order(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Paths by the answers of their guards: the order in which they were traced is no part of a program."""
    return tuple(sorted(paths, key=lambda path: path.answers))


@frozen(repr=False)
class Program:
    """A function as a value: the paths traced so far, for one signature of the arguments, as NumPy's operations.

    It is called as the function is, without the static arguments. Equal programs compute the same by the same steps,
    and have the same digest, in every process and on every machine. It can be pickled, and saved as JSON; it needs the
    source of the function nowhere. It is as differentiable as the function.

    >>> import numpy as np
    >>> from funcgrad import grad, stage
    >>> slope = stage(grad(lambda x: np.sum(x**3)))(np.ones(2))
    >>> slope.graph
    v0: float64[2]
    v1 = multiply(v0, v0)
    v2 = multiply(3.0, v1)
    return v2
    >>> slope(np.array([1.0, 2.0]))
    array([ 3., 12.])
    >>> slope == stage(grad(lambda y: np.sum(y**3)))(np.ones(2))
    True
    """

    #: What it is made for.
    signature: Signature
    #: The paths, in the order of their guards' answers.
    paths: tuple[Path, ...] = field(converter=in_order)
    #: The callable that is made of them.
    made: Specialised = field(init=False, eq=False)

    @made.default
    def _made(self) -> Specialised:
        return Specialised(self.signature, numpy_source, self.paths)

    def __reduce__(self) -> Any:
        return Program, (self.signature, self.paths)

    @property
    def graph(self) -> Graph:
        """The graph: its first outputs are the conditions that Python asked about, the others the answer's leaves."""
        if len(self.paths) > 1:
            raise BadArgument(
                f"This program has {len(self.paths)} paths through Python's control flow, and a graph for each. "
                "Read program.paths[0].graph, and so on."
            )
        return self.paths[0].graph

    @property
    def digest(self) -> str:
        """The SHA-256 of the content: equal programs have equal digests, in every process and on every machine."""
        paths = [(path.graph.digest, path.answers, repr(path.structure)) for path in self.paths]
        return digest_of(repr((repr(self.signature.structure), paths)).encode())

    def source(self) -> str:
        """The program as the text of a module that needs NumPy alone."""
        return module(self.signature, self.paths)

    def cost(self) -> Cost:
        """What a call costs: operations, bytes moved, memory, by the lines of the function. Of paths, the dearest."""
        return max([cost_of(path.graph) for path in self.paths], key=lambda cost: (cost.operations, cost.bytes_moved))

    def save(self, file: Any) -> None:
        """Write the program to a file, as JSON."""
        FilePath(file).write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def load(file: Any, classes: Iterable[type] = ()) -> "Program":
        """The program that was saved to a file. `classes` are those of your own in its trees: loading imports none."""
        return Program.from_json(FilePath(file).read_text(encoding="utf-8"), classes)

    def to_json(self) -> str:
        """The program as JSON."""
        return written(self.signature, self.paths)

    @staticmethod
    def from_json(text: str, classes: Iterable[type] = ()) -> "Program":
        """The program that `to_json` wrote."""
        return Program(*read(text, classes))

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        given = (args, {name: keywords[name] for name in sorted(keywords)})
        values, structure = tree.flatten(given)
        if structure != self.signature.structure:
            self.refuse_tree(structure)
        values = [admitted(self, value, structure, i) for i, value in enumerate(values)]
        for i, value in enumerate(values):
            kind = type_of(value).bare()
            if kind != self.signature.types[i]:
                self.refuse_type(self.signature.names[i], kind, self.signature.types[i])
        if any([type(value) is Node and unknown(value.value) for value in values]):
            return interpreted(self.signature, self.paths)(*values)
        return self.made(values)

    @property
    def __name__(self) -> str:
        return self.signature.name

    def refuse_tree(self, structure: Any) -> NoReturn:
        """Say that the arguments form another tree."""
        raise BadArgument(
            f"The program {self.signature.name} was called with {words(structure)}. It is made for "
            f"{words(self.signature.structure)}, without static arguments. Call it like that, or stage it again."
        )

    def refuse_type(self, name: str, kind: Type, wanted: Type) -> NoReturn:
        """Say that an argument has another type."""
        change = "stage the function again for this type"
        if kind.shape == wanted.shape == ():
            number = (
                f"{wanted.dtype.type.__name__}"
                if not wanted.weak
                else {"f": "float", "i": "int"}.get(wanted.dtype.kind, "complex")
            )
            change = f"pass {'' if wanted.weak else 'np.'}{number}({name})"
        elif kind.shape == wanted.shape:
            change = f"pass {name}.astype({wanted.dtype.name!r})"
        raise BadArgument(
            f"The program {self.signature.name} was given {name} of type {kind!r}. It is made for {wanted!r}, and "
            f"converts nothing. For this, {change}."
        )

    def __repr__(self) -> str:
        held = any([step.op.users for path in self.paths for step in path.graph.steps])
        return "\n\n".join([repr(path.graph) for path in self.paths]) if held else self.source()


def words(structure: Any) -> str:
    """The arguments of a call, as they are written."""
    positional, named = structure.children
    parts = [*map(repr, positional.children)]
    parts += [f"{key.value}={child!r}" for key, child in zip(named.steps, named.children, strict=True)]
    return f"({', '.join(parts)})"


def stage(f: Callable[..., Any]) -> Callable[..., Program]:
    """The program of f at the types of its arguments; of a jitted function, with all paths traced so far.

    stage : (X → Y) → (X → Program). Static arguments are those of `jit(f, static_argnums=…)`, and become part of the
    program.

    >>> stage(lambda x, y: x * y)(2.0, 3.0)(4.0, 5.0)
    20.0
    """

    def staged(*args: Any, **keywords: Any) -> Program:
        remembered = getattr(f, "__jitted__", None)
        static = static_arguments(f) if remembered is None else remembered.static
        arguments = static.parted(args, keywords)
        if any([type(value) is Node and unknown(value.value) for value in arguments.values]):
            raise EscapedNode(
                f"stage was given an argument of {function_place(f)[0]} that is not known: another transform traces "
                "here. A program is made at values. Stage it outside, and call the program here."
            )
        if remembered is None:
            return Program(without_static(signature(f, arguments), arguments), (path_of(static.function, arguments),))
        remembered(args, keywords)  # traces the path of these arguments if it is new
        found = remembered.programs.get(arguments.key)
        if found is None:
            refuse_captured(f)
        return Program(without_static(found.signature, arguments), found.paths)

    return staged


def path_of(function: Callable[..., Any], arguments: Arguments) -> Path:
    """The path that a function takes for these arguments."""
    values = [value.value if type(value) is Node else value for value in arguments.values]
    path, captured, _, _ = traced(function, arguments, values)
    if captured:
        refuse_captured(function)
    return path


def refuse_captured(function: Callable[..., Any]) -> NoReturn:
    """Say that a function closes over traced values."""
    raise EscapedNode(
        f"stage was given {function_place(function)[0]}, which closes over a traced value of another call that is "
        "still running. A program outlives that call. Pass the value as an argument."
    )


def source(f: Callable[..., Any], *args: Any, **keywords: Any) -> str:
    """The program of f at these arguments, as the text of a module that needs NumPy alone.

    >>> import numpy as np
    >>> def f(x):
    ...     return np.sin(x) * 2.0
    >>> print(source(f, np.ones(3)).split("def ")[1])
    f(x):
        ...
    """
    return stage(f)(*args, **keywords).source()
