"""jit: a function traced once, and then run as a program."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np
from attrs import define, field, frozen

from funcgrad import tree
from funcgrad.backends.emitting import emitted
from funcgrad.backends.entering import entrance
from funcgrad.backends.interpreting import chosen
from funcgrad.errors import BadArgument, TooManyPaths, UntracedPath
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import example_of, fresh_leaf, unknown
from funcgrad.graph.places import Places
from funcgrad.graph.program import Guard, Path, Signature
from funcgrad.graph.provenance import argument_name, function_place, text_at
from funcgrad.graph.tracing import Asked, Trace, Witness
from funcgrad.graph.types import PLAIN, Type, type_of
from funcgrad.rewrites.simplifying import simplified
from funcgrad.transforms.boundary import copied, outputs_of
from funcgrad.transforms.running import Run

#: So many paths through Python's control flow may a program have.
MOST_PATHS = 8
#: What an entrance returns for arguments of another signature.
OTHER: Any = NotImplemented


@frozen(eq=False)
class Arguments:
    """The arguments of a call, taken apart: what is traced, and what the program is made for."""

    #: The leaves that are traced.
    values: list[Any]
    #: The tree of (positional, keyword) arguments, None in the place of static ones.
    structure: Any
    #: The static arguments, by position or keyword.
    static: dict[int | str, Any]

    @property
    def types(self) -> tuple[Type, ...]:
        """The types of the leaves."""
        return tuple([type_of(value).bare() for value in self.values])

    @property
    def key(self) -> Any:
        """What a program is found by."""
        return self.structure.key, self.types, tuple([(k, type(v), v) for k, v in self.static.items()])

    def filled(self, leaves: Iterable[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with `leaves` in place of the traced values."""
        args, keywords = self.structure.unflatten(leaves)
        args = [self.static.get(i, a) for i, a in enumerate(args)]
        return args, {name: self.static.get(name, a) for name, a in keywords.items()}


@define(eq=False)
class Specialised:
    """A function for one signature: the paths traced so far, and the program made of them."""

    #: What it is made for.
    signature: Signature
    #: The paths.
    paths: tuple[Path, ...] = ()
    #: The program.
    program: Callable[..., Any] | None = None
    #: The operation that each path is under the other transforms, by its place among the paths.
    runs: dict[int, Run] = field(factory=dict)

    def add(self, path: Path) -> None:
        """Take in another path."""
        self.paths += (path,)
        self.program = None

    def compiled(self) -> Callable[..., Any]:
        """The program."""
        if self.program is None:
            self.program = emitted(self.signature, self.paths).compiled()
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
            self.runs[number] = Run(simplified(answers))
        return path.structure.unflatten(self.runs[number](*values))


@define(eq=False)
class Jitted:
    """What a jitted function remembers: a program for every signature it was called with."""

    #: The user's function.
    function: Callable[..., Any]
    #: Positions of static arguments.
    static_positions: frozenset[int]
    #: Names of static arguments.
    static_names: frozenset[str]
    #: The programs, by key.
    programs: dict[Any, Specialised] = field(init=False, factory=dict)
    #: Functions of (args, keywords) for the signatures that need no taking apart, the latest last.
    entrances: list[Callable[..., Any]] = field(init=False, factory=list)
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
        arguments = self.parted(args, keywords)
        if any([type(value) is Node and unknown(value.value) for value in arguments.values]):
            return self.function(*args, **keywords)
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

    def parted(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Arguments:
        """The arguments taken apart and checked."""
        static: dict[int | str, Any] = {i: a for i, a in enumerate(args) if i in self.static_positions}
        static |= {name: a for name, a in keywords.items() if name in self.static_names}
        traced = (
            tuple([None if i in static else a for i, a in enumerate(args)]),
            {name: None if name in static else keywords[name] for name in sorted(keywords)},
        )
        values, structure = tree.flatten(traced)
        values = [self.admitted(value, structure, i) for i, value in enumerate(values)]
        return Arguments(values, structure, static)

    def admitted(self, value: Any, structure: Any, position: int) -> Any:
        """A leaf as programs take it: a number, an array of numbers, or a traced one of them."""
        kind = type(value)
        if kind is Node or (kind in PLAIN and kind is not np.ndarray):
            return value
        if kind is np.memmap:
            value, kind = np.asarray(value), np.ndarray
        if kind is np.ndarray and value.dtype.kind in "biufc":
            return value if value.ndim else value[()]
        name, where = function_place(self.function)
        what = f"an array of dtype {value.dtype}" if kind is np.ndarray else f"a {kind.__name__}"
        raise BadArgument(
            f"jit cannot trace {leaf_name(self.function, structure, position)}: it is {what}. It was given to {name}"
            f"{where}. Programs take arrays and numbers. Mark the argument static: jit(f, static_argnums=…) or "
            "static_argnames=…."
        )

    def refuse_unhashable(self, arguments: Arguments, error: TypeError) -> None:
        """Say which static argument cannot be looked up."""
        for where, value in arguments.static.items():
            try:
                hash(value)
            except TypeError:
                raise BadArgument(
                    f"The static argument {argument_name(self.function, where)} of jit is a {type(value).__name__}, "
                    "which is not hashable. Programs are found by their static arguments. Pass a tuple in place of a "
                    "list, or a frozen class, or do not mark it static."
                ) from error
        raise error

    def trace(self, arguments: Arguments, found: Specialised | None) -> Any:
        """Trace the function for these arguments; the answer."""
        plain = [value.value if type(value) is Node else value for value in arguments.values]
        path, captured, answer, asked = traced(self.function, arguments, plain)
        if captured:  # a program that closes over traced values belongs to this call alone
            n = len(path.guards)
            return path.structure.unflatten(path.graph(*arguments.values, *captured)[n:])
        self.reasons.append(self.reason(arguments, found))
        if found is None:
            found = self.programs[arguments.key] = Specialised(signature(self.function, arguments))
            quick = entrance(arguments.structure, found.signature.types, arguments.static, found)
            if quick is not None:
                self.entrances.insert(0, self.guarded(quick))
        elif len(found.paths) == MOST_PATHS:
            self.refuse_path(found, path, asked)
        found.add(path)
        return found(arguments.values) if any([type(value) is Node for value in arguments.values]) else answer

    def guarded(self, quick: Callable[..., Any]) -> Callable[..., Any]:
        """An entrance that lets an untraced path be traced."""

        def enter(args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
            try:
                return quick(args, keywords)
            except UntracedPath:
                return OTHER

        return enter

    def refuse_path(self, found: Specialised, path: Path, asked: list[Asked]) -> None:
        """Say where ever new paths come from."""
        name, where = function_place(self.function)
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
            changes = differences(self.function, one, arguments)
            best = changes if best is None or len(changes) < len(best) else best
        return "; ".join(best or ["the arguments differ"])


def common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How long two sequences agree."""
    n = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        n += 1
    return n


def differences(function: Any, key: Any, arguments: Arguments) -> list[str]:
    """In what a call differs from one that has a program."""
    (structure, *_), types, static = key
    if (structure, *_) != arguments.structure.key:
        return [f"the arguments form another tree: {arguments.structure} after {structure}"]
    named = [leaf_name(function, arguments.structure, i) for i in range(len(types))]
    changes = [
        f"{name} is {new!r} after {old!r}"
        for name, old, new in zip(named, types, arguments.types, strict=True)
        if old != new
    ]
    before = {k: v for k, _, v in static}
    changes += [
        f"the static argument {argument_name(function, k)} is {v!r} after {before.get(k)!r}"
        for k, v in arguments.static.items()
        if k not in before or before[k] != v or type(before[k]) is not type(v)
    ]
    return changes


def traced(
    function: Callable[..., Any], arguments: Arguments, values: list[Any]
) -> tuple[Path, list[Node], Any, list[Asked]]:
    """The path that a function takes for these values; the traced values it closes over; the answer."""
    with Call("jit", function, outlives=True) as call:
        trace = Trace(call)
        leaves = [leaf(call, trace, value, arguments, i) for i, value in enumerate(values)]
        args, keywords = arguments.filled(leaves)
        answers, structure = outputs_of(call, function(*args, **keywords))
        asked = [one for one in trace.asked if type(one.node) is Node]
        graph, captured = closed(call, [*[one.node for one in asked], *answers], leaves)
        example = None  # of what it closes over there may be none
        if not captured:
            example = structure.unflatten([copied(example_of(y.value if type(y) is Node else y)) for y in answers])
    places = Places()
    guards = tuple(
        [Guard(one.answer, text_at(*one.position) if one.position else "", places.at(one.position)) for one in asked]
    )
    return Path(graph if captured else simplified(graph), guards, structure), captured, example, asked


def leaf(call: Call, trace: Trace, value: Any, arguments: Arguments, i: int) -> Node:
    """An unknown argument that the first call's value is an example of."""
    kind = type_of(value)
    example = value.copy() if type(value) is np.ndarray else value
    if type(example) is np.ndarray:
        example.flags.writeable = False
    path = arguments.structure.paths()[i]
    which = path[1].value
    structure = arguments.structure.children[path[0].value]
    position = i if path[0].value == 0 else i - arguments.structure.children[0].num_leaves
    keys = [key.value for key in structure.steps]
    at = keys.index(which)
    position -= sum([child.num_leaves for child in structure.children[:at]])
    witnessed = Type(kind.shape, kind.dtype, kind.weak, Witness(trace, example))
    return fresh_leaf(call, witnessed, which, position, structure.children[at])


def leaf_name(function: Any, structure: Any, position: int) -> str:
    """The name of a leaf of the arguments, such as params['w']."""
    _, which, *rest = structure.paths()[position]
    return tree.path_name(tuple(rest), root=argument_name(function, which.value))


def signature(function: Any, arguments: Arguments) -> Signature:
    """What a program of these arguments is made for."""
    names = tuple([leaf_name(function, arguments.structure, i) for i in range(len(arguments.values))])
    name = getattr(function, "__name__", type(function).__name__)
    return Signature(name, arguments.structure, names, arguments.types)


def static_arguments(function: Any, positions: Any, names: Any) -> tuple[frozenset[int], frozenset[str]]:
    """Static arguments by position and by name, each known by the other too where the function declares it."""
    numbers = {positions} if isinstance(positions, int) else set(positions)
    words = {names} if isinstance(names, str) else set(names)
    try:
        declared = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        declared = []
    positional = [p.name for p in declared if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    numbers = {n + len(positional) if n < 0 else n for n in numbers}
    unknown_names = words - {p.name for p in declared}
    if declared and unknown_names and not any([p.kind is p.VAR_KEYWORD for p in declared]):
        raise BadArgument(
            f"jit was given static_argnames={sorted(unknown_names)!r}, which {function_place(function)[0]} does not "
            f"have. Its arguments are {', '.join(p.name for p in declared)}. Name one of them."
        )
    words |= {positional[n] for n in numbers if n < len(positional)}
    numbers |= {i for i, name in enumerate(positional) if name in words}
    return frozenset(numbers), frozenset(words)


def jit(
    f: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Callable[..., Any]:
    """The function f, traced once for each signature of its arguments, and from then on run as a program of NumPy's.

    jit : (X → Y) → (X → Y), for trees X and Y of arrays and numbers. A signature is the arguments' tree, their shapes
    and dtypes, and the values of the static arguments, which may be anything hashable. Python's `if` and `while` take
    the path of the values that are there; the program keeps the condition, and another path is traced when it fails.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> slope = jit(grad(lambda x: x**3 if x > 0 else -x))
    >>> slope(2.0), slope(-2.0), slope(4.0)
    (12.0, -1.0, 48.0)
    """
    if f is None:
        return lambda function: jit(function, static_argnums=static_argnums, static_argnames=static_argnames)
    remembered = Jitted(f, *static_arguments(f, static_argnums, static_argnames))

    @wraps(f)
    def jitted(*args: Any, **keywords: Any) -> Any:
        return remembered(args, keywords)

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
