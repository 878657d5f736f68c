"""Packing: the functions that a program calls, as text that needs nothing but NumPy.

A program's text calls functions of funcgrad's where NumPy has none: `run` of an operation, or what that calls in turn.
Here such a function becomes a definition of its own: fields of the operation are written out as the numbers they are,
annotations go, and what it refers to among the globals of its module is packed too.
"""

import ast
import base64
import builtins
import inspect
import textwrap
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad.backends.spelling import dtype_text
from funcgrad.backends.writing import INDENT
from funcgrad.errors import BadArgument, UntracedPath
from funcgrad.graph.op import Op

#: Arrays of so many numbers are written out number by number.
SHORT = 64
#: So many characters of an array's bytes stand in a line.
COLUMNS = 100


def literal(value: Any) -> str:
    """The expression of a value that stands in an operation's field or in a module's constant."""
    kind = type(value)
    if kind in (tuple, frozenset):
        inside = ", ".join(sorted(map(literal, value)) if kind is frozenset else map(literal, value))
        return f"frozenset({{{inside}}})" if kind is frozenset else f"({inside}{',' * (len(value) == 1)})"
    if kind is slice:
        return f"slice({literal(value.start)}, {literal(value.stop)}, {literal(value.step)})"
    if value is Ellipsis:
        return "Ellipsis"
    if kind is float and value - value != 0:
        return f"float({str(value)!r})"
    if isinstance(value, np.dtype):
        return f"np.dtype({(value.name if value.isnative else value.str)!r})"
    if isinstance(value, np.ufunc):
        return f"np.{value.__name__!s}"
    if isinstance(value, np.generic):
        return f"np.{value.dtype.name}({literal(value.item())})"
    if built_in(value):
        return str(value.__name__)
    if value is None or kind in (bool, int, float, complex, str):
        return repr(value)
    raise BadArgument(
        f"A program's text cannot hold a {kind.__name__}. It needs NumPy alone, where your classes are not. "
        "Save the program instead: stage(f)(*args).save(path)."
    )


def built_in(value: Any) -> bool:
    """Whether a value is one of Python's own functions or classes, under its name."""
    return vars(builtins).get(getattr(value, "__name__", "")) is value and value is not None


@define(eq=False)
class Packer:
    """Collects definitions."""

    #: Names that are taken in the module.
    taken: set[str]
    #: The text of each definition by name, what it refers to before it.
    definitions: dict[str, str] = field(init=False, factory=dict)
    #: The name of what has been packed, by identity; the things are kept, so that ids stay.
    packed: dict[int, tuple[str, Any]] = field(init=False, factory=dict)

    def named(self, wish: str) -> str:
        """A new name like `wish`."""
        name, k = wish, 1
        while name in self.taken:
            name, k = f"{wish}_{k}", k + 1
        self.taken.add(name)
        return name

    def reference(self, wish: str, value: Any) -> str:
        """The expression by which a definition refers to what another module calls `wish`."""
        if value is np:
            return "np"
        if built_in(value):
            return str(value.__name__)
        if id(value) not in self.packed:
            self.define(self.named(wish), value)
        return self.packed[id(value)][0]

    def define(self, name: str, value: Any) -> None:
        """Define a function of funcgrad's, import one of Python's, or name a constant."""
        self.packed[id(value)] = (name, value)
        if isinstance(value, MethodType) and isinstance(value.__self__, Op) and value.__self__.users:
            raise BadArgument(
                f"A program's text cannot hold {value.__self__.name}, a function with rules of its own: it needs NumPy "
                "alone, where your source is not. It can be run, and not be written out. "
                "Stage the function without its rules, f.__wrapped__."
            )
        if hasattr(value, "emitted"):
            text = self.nested(name, value.emitted)
        elif isinstance(value, np.ndarray):
            text = f"{name} = {array_text(value, self)}"
        elif isinstance(value, FunctionType | MethodType) and value.__module__.startswith("funcgrad."):
            text = Definition(self, value).text(name)
        elif isinstance(value, ModuleType):
            package, _, own = value.__name__.rpartition(".")
            origin = f"from {package} " if package else ""
            text = f"{origin}import {own} as {name}".removesuffix(f" as {own}")
        elif callable(value):
            text = f"from {value.__module__} import {value.__name__} as {name}".removesuffix(f" as {value.__name__}")
        else:
            text = f"{name} = {literal(value)}"
        self.definitions[name] = text

    def nested(self, name: str, program: Any) -> str:
        """The program of a graph that an operation holds, made by a function, within which its names are its own."""
        own = {one: value for one, value in program.namespace.items() if value is not np and value is not UntracedPath}
        given = [f"{one}={self.reference(one, value)}" for one, value in own.items()]
        lines = "\n".join([f"{INDENT}{line}" if line else "" for line in program.lines])
        maker = self.named(f"make_{name}")
        made = f"def {maker}({', '.join(given)}):\n{lines}\n\n{INDENT}return {program.name}"
        return f"{made}\n\n\n{name} = {maker}()"


def array_text(a: Any, packer: Packer) -> str:
    """The expression of a constant array."""
    dtype, one = dtype_text(a.dtype), a.flat[0] if a.size else a.dtype.type(0)
    if a.tobytes() == one.tobytes() * a.size and np.isfinite(one):
        return f"np.full({a.shape}, {literal(one.item())}, {dtype})"
    if a.ndim == 2 and a.shape[0] == a.shape[1] and a.dtype.kind == "f" and np.array_equal(a, np.eye(len(a))):
        return f"np.eye({len(a)}, dtype={dtype})"
    if a.size <= SHORT and (a.dtype.kind in "biu" or np.isfinite(a).all()):
        return f"np.array({a.tolist()!r}, {dtype})"
    text = base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()
    lines = "".join([f'{INDENT}"{line}"\n' for line in textwrap.wrap(text, COLUMNS)])
    decode = packer.reference("b64decode", base64.b64decode)
    return f"np.frombuffer({decode}(\n{lines}), {a.dtype.str!r}).reshape({a.shape})"


@define(eq=False)
class Definition(ast.NodeTransformer):
    """One function being packed."""

    #: Where definitions go.
    packer: Packer
    #: The function, or the bound method of an operation.
    function: Any
    #: The operation whose method it is.
    op: Any = field(init=False)
    #: What its names stand for.
    around: dict[str, Any] = field(init=False)
    #: Its own variables.
    own: set[str] = field(init=False, factory=set)

    @op.default
    def _op(self) -> Any:
        return self.function.__self__ if isinstance(self.function, MethodType) else None

    @around.default
    def _around(self) -> dict[str, Any]:
        found: dict[str, Any] = inspect.unwrap(self.function).__globals__
        return found

    def text(self, name: str) -> str:
        """The definition under a name."""
        reason = getattr(self.op, "unwritten", "")
        if reason:
            raise BadArgument(
                f"A program with {self.op.name} cannot be written as text. {reason} Save the program instead: "
                "stage(f)(*args).save(path)."
            )
        parsed = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body[0]
        assert isinstance(parsed, ast.FunctionDef)
        parsed.name, parsed.decorator_list = name, []
        if self.op is not None:
            del parsed.args.args[0]
        self.own = {one.id for one in ast.walk(parsed) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        self.own |= {one.arg for one in ast.walk(parsed) if isinstance(one, ast.arg)}
        parsed.body = [self.visit(statement) for statement in parsed.body]
        for one in ast.walk(parsed):
            if isinstance(one, ast.FunctionDef):
                one.returns = None
            elif isinstance(one, ast.arg):
                one.annotation = None
        return ast.unparse(ast.fix_missing_locations(parsed))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        """A field of the operation, as what it is."""
        owner = self.owner(node.value)
        if owner is None:
            return self.generic_visit(node)
        value = getattr(owner, node.attr)
        return ast.parse(self.written(value), mode="eval").body

    def written(self, value: Any) -> str:
        """The expression of what an operation has: a function, several, or what `literal` can write."""
        if isinstance(value, FunctionType):
            return self.packer.reference(value.__name__, value)
        if type(value) is tuple and value and isinstance(value[0], FunctionType):
            return f"({', '.join(map(self.written, value))},)"
        return literal(value)

    def owner(self, node: ast.expr) -> Any:
        """The operation that an expression such as `self` or `self.place` is; None for any other."""
        if isinstance(node, ast.Attribute):
            above = self.owner(node.value)
            value = None if above is None else getattr(above, node.attr)
            return value if isinstance(value, Op) else None
        return self.op if isinstance(node, ast.Name) and node.id == "self" else None

    def visit_Name(self, node: ast.Name) -> Any:
        """A global, by the name that it has here."""
        if node.id in self.own or node.id not in self.around:
            return node
        return ast.parse(self.packer.reference(node.id, self.around[node.id]), mode="eval").body
