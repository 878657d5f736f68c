"""jit: a function traced once, and then run as a program."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from attrs import define, field

from funcgrad.backends.emitting import emitted
from funcgrad.backends.entering import entrance
from funcgrad.backends.interpreting import chosen
from funcgrad.errors import BadAnswer, BadArgument, TooManyPaths, UntracedPath
from funcgrad.graph.graph import Graph
from funcgrad.graph.node import Node
from funcgrad.graph.op import unknown
from funcgrad.graph.program import Backend, Guard, Path, Signature
from funcgrad.graph.provenance import argument_name, function_place
from funcgrad.transforms.arguments import Arguments, Static, differences, signature, static_arguments
from funcgrad.transforms.recording import asked_again, traced
from funcgrad.transforms.running import Run, with_backward

#: So many paths through Python's control flow may a program have.
MOST_PATHS = 8
#: What an entrance returns for arguments of another signature.
OTHER: Any = NotImplemented


@define(eq=False)
class Specialised:
    """A function for one signature: the paths traced so far, and the program made of them."""

    #: What it is made for.
    signature: Signature
    #: What makes the program of the paths.
    backend: Backend
    #: The paths.
    paths: tuple[Path, ...] = ()
    #: What the guards of each path ask, told apart by what it is made of.
    questions: list[list[int]] = field(factory=list)
    #: The program.
    program: Callable[..., Any] | None = None
    #: The operation that each path is under the other transforms, by its place among the paths.
    runs: dict[int, Run] = field(factory=dict)

    def add(self, path: Path, asked: list[int]) -> None:
        """Take in another path, which asks what the others ask for as long as it has their answers."""
        for one, questions in zip(self.paths, self.questions, strict=True):
            depth = min(common(one.answers, path.answers) + 1, len(asked), len(questions))
            for k in range(depth):
                if asked[k] != questions[k]:
                    refuse_other_question(self.signature.name, path.guards[k], one.guards[k])
        self.paths += (path,)
        self.questions.append(asked)
        self.program = None

    def compiled(self) -> Callable[..., Any]:
        """The program."""
        if self.program is None:
            self.program = self.backend(self.signature, self.paths)
        return self.program

    def __call__(self, values: Sequence[Any]) -> Any:
        """The answer for plain values, or for traced ones as one operation."""
        if not any([type(value) is Node for value in values]):
            return self.compiled()(*values)
        path, _ = chosen(self.paths, [value.value if type(value) is Node else value for value in values])
        number = [one is path for one in self.paths].index(True)
        if number not in self.runs:
            graph = path.graph
            answers = Graph(graph.inputs, graph.constants, graph.steps, graph.outputs[len(path.guards) :])
            self.runs[number] = with_backward(answers)
        run = self.runs[number]
        return path.structure.unflatten(run(*values)[: run.answers])


@define(eq=False)
class Jitted:
    """What a jitted function remembers: a program for every signature it was called with."""

    #: The user's function, and which of its arguments are static.
    static: Static
    #: What makes programs.
    backend: Backend
    #: The programs, by key.
    programs: dict[Any, Specialised] = field(init=False, factory=dict)
    #: Functions of (args, keywords) for the signatures that need no taking apart, the latest last.
    entrances: list[Callable[..., Any]] = field(init=False, factory=list)
    #: Programs of its derivatives that others made and keep here, as solvers do, by what they are.
    derived: dict[Any, Callable[..., Any]] = field(init=False, factory=dict)
    #: Why each trace happened, in order.
    reasons: list[str] = field(init=False, factory=list)

    def __call__(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        for enter in self.entrances:
            answer = enter(args, keywords)
            if answer is not OTHER:
                return answer
        return self.by_key(args, keywords)

    def by_key(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The answer, the program found by its key, or traced."""
        arguments = self.static.parted(args, keywords)
        if any([type(value) is Node and unknown(value.value) for value in arguments.values]):
            return self.static.function(*args, **keywords)
        try:
            found = self.programs.get(arguments.key)
        except TypeError as error:
            self.refuse_unhashable(arguments, error)
        if found is not None:
            try:
                return found(arguments.values)
            except UntracedPath:
                pass
        return self.trace(arguments, found)

    def refuse_unhashable(self, arguments: Arguments, error: TypeError) -> None:
        """Say which static argument cannot be looked up."""
        for where, value in arguments.static.items():
            try:
                hash(value)
            except TypeError:
                name = argument_name(self.static.function, where)
                raise BadArgument(
                    f"The static argument {name} of jit is a {type(value).__name__}, which is not hashable. Programs "
                    "are found by their static arguments. Pass a tuple in place of a list, or a frozen class, or do "
                    "not mark it static."
                ) from error
        raise error

    def trace(self, arguments: Arguments, found: Specialised | None) -> Any:
        """Trace the function for these arguments; the answer."""
        plain = [value.value if type(value) is Node else value for value in arguments.values]
        path, captured, answer, questions = traced(self.static.function, arguments, plain)
        if captured:  # a program that closes over traced values belongs to this call alone
            outputs = path.graph(*arguments.values, *captured)
            return path.structure.unflatten(asked_again(path, outputs))
        self.reasons.append(self.reason(arguments, found))
        if found is None:
            found = self.programs[arguments.key] = Specialised(signature(self.static.function, arguments), self.backend)
            quick = entrance(arguments.structure, found.signature.types, arguments.static, found)
            if quick is not None:
                self.entrances.insert(0, quick)
        elif len(found.paths) == MOST_PATHS:
            self.refuse_path(found, path)
        found.add(path, questions)
        if any([type(value) is Node for value in arguments.values]):
            return found(arguments.values)
        assert answer is not None
        if answer.pending:
            try:
                return found(arguments.values)
            except UntracedPath:  # a guard within rounding of its answer
                pass
        return answer.known()

    def refuse_path(self, found: Specialised, path: Path) -> None:
        """Say where ever new paths come from."""
        name, where = function_place(self.static.function)
        depth = max([common(path.answers, one.answers) for one in found.paths])
        guard = path.guards[min(depth, len(path.guards) - 1)]
        at = f" ({guard.place})" if guard.place else ""
        raise TooManyPaths(
            f"{name}{where} took its {MOST_PATHS + 1}th path through Python's control flow under jit; the last "
            f"choice was {guard.text or 'a truth value'}{at}. Each path is traced by itself, and a loop whose length "
            "depends on values has ever new ones. Write funcgrad.lax.while_loop or cond there, choose with np.where, "
            "or call this function without jit."
        )

    def reason(self, arguments: Arguments, found: Specialised | None) -> str:
        """Why a trace was needed."""
        if found is not None:
            guards = [g for path in found.paths for g in path.guards]
            return (
                f"a new path through Python's control flow ({len(found.paths) + 1} so far)" if guards else "a new path"
            )
        if not self.programs:
            return "the first call"
        best: list[str] | None = None
        for one in self.programs:
            changes = differences(self.static.function, one, arguments)
            best = changes if best is None or len(changes) < len(best) else best
        return "; ".join(best or ["the arguments differ"])


def refuse_other_question(name: str, guard: Guard, before: Guard) -> None:
    """Say that a function asks something else than it did with the same answers."""
    now, then = [f"{one.text or 'a value'}{f' ({one.place})' if one.place else ''}" for one in (guard, before)]
    raise BadAnswer(
        f"{name} asked for the truth of {now} where it asked for that of {then} when it was traced before. It "
        "depends on something that is not an argument: a random number, a counter, a global. Pass it as an argument."
    )


def common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How long two sequences agree."""
    n = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        n += 1
    return n


def numpy_source(signature: Signature, paths: Sequence[Path]) -> Callable[..., Any]:
    """The program as Python's own code of NumPy's functions."""
    return emitted(signature, paths).compiled()


def jit(
    f: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Iterable[str] = (),
    backend: Backend = numpy_source,
) -> Callable[..., Any]:
    """The function f, traced once for each signature of its arguments, and from then on run as a program of NumPy's.

    jit : (X → Y) → (X → Y), for trees X and Y of arrays and numbers. A signature is the arguments' tree, their shapes
    and dtypes, and the values of the static arguments, which may be anything hashable. Python's `if` and `while` take
    the path of the values that are there; the program keeps the condition, and another path is traced when it fails.
    `backend` makes the callable: Python code of NumPy's functions, or `funcgrad.backends.interpreting.interpreted`.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> slope = jit(grad(lambda x: x**3 if x > 0 else -x))
    >>> slope(2.0), slope(-2.0), slope(4.0)
    (12.0, -1.0, 48.0)
    """
    if f is None:
        return lambda function: jit(
            function, static_argnums=static_argnums, static_argnames=static_argnames, backend=backend
        )
    remembered = Jitted(static_arguments(f, static_argnums, static_argnames), backend)

    entrances, by_key = remembered.entrances, remembered.by_key

    @wraps(f)
    def jitted(*args: Any, **keywords: Any) -> Any:
        for enter in entrances:  # as in `Jitted.__call__`, without the call
            answer = enter(args, keywords)
            if answer is not OTHER:
                return answer
        return by_key(args, keywords)

    jitted.__jitted__ = remembered  # type: ignore[attr-defined]  # a function may carry what it remembers
    return jitted


def explain_retrace(f: Callable[..., Any]) -> str:
    """Why a jitted function was traced, a line for each trace.

    >>> import numpy as np
    >>> double = jit(lambda x: 2 * x)
    >>> _ = double(1.0), double(np.ones(3)), double(2.0)
    >>> print(explain_retrace(double))
    1. the first call
    2. x is float64[3] after weak float64
    """
    remembered = getattr(f, "__jitted__", None)
    if remembered is None:
        raise BadArgument(
            f"explain_retrace was given {function_place(f)[0]}, which is not jitted. Only jit traces once and "
            "remembers. Pass what jit returned."
        )
    return "\n".join([f"{i}. {reason}" for i, reason in enumerate(remembered.reasons, 1)])
