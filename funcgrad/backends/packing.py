"""Packing: the functions that a program calls, as text that needs nothing but NumPy.

A program's text calls functions of funcgrad's where NumPy has none: `run` of an operation, or what that calls in turn.
Here such a function becomes a definition of its own: fields of the operation are written out as the numbers they are,
annotations go, and what it refers to among the globals of its module is packed too.
"""

import ast
import builtins
import inspect
import textwrap
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad.errors import BadArgument
from funcgrad.graph.op import Op


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
        if isinstance(value, FunctionType | MethodType) and value.__module__.startswith("funcgrad."):
            text = Definition(self, value).text(name)
        elif isinstance(value, ModuleType):
            package, _, own = value.__name__.rpartition(".")
            text = f"from {package} import {own} as {name}".removesuffix(f" as {own}")
        elif callable(value):
            text = f"from {value.__module__} import {value.__name__} as {name}".removesuffix(f" as {value.__name__}")
        else:
            text = f"{name} = {literal(value)}"
        self.definitions[name] = text


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
        text = self.packer.reference(value.__name__, value) if isinstance(value, FunctionType) else literal(value)
        return ast.parse(text, mode="eval").body

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
