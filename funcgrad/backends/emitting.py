"""Emitting: a program as the text of Python functions of NumPy's alone, with the `if … else …` that the user wrote.

There are up to two functions. The first is quick: numbers alone are Python's floats, and products of the chain rule are
ordinary ones. Where that would not do it hands over to the second, in which 0·∞ is 0.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve, frozen

from funcgrad.backends.blocking import BlockWriter
from funcgrad.backends.hastening import Hastened, hastened
from funcgrad.backends.naming import Globals, function_name, identifier
from funcgrad.backends.numbering import Values
from funcgrad.backends.scalars import FLOAT, ScalarWriter
from funcgrad.backends.spelling import Spelled, dtype_text
from funcgrad.backends.writing import INDENT, Writer, untraced
from funcgrad.graph.program import Path, Signature
from funcgrad.graph.types import Type
from funcgrad.rewrites.looping import looped

__all__ = ["Emitted", "emitted", "untraced"]


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
    name, values = function_name(signature.name), Values()
    paths = [evolve(path, graph=looped(path.graph)) for path in paths]
    shared = Globals(modules(paths))
    numbered = [values.numbered(path, len(paths) == 1) for path in paths]
    segment = values.segment(numbered)
    careful = f"{name}_carefully"
    first = hastened(values, paths, numbered) or Hastened(segment, set())
    scalar = ScalarWriter(values, shared, "?")
    scalar.suspects = first.suspects
    if scalar.possible(first.segment):
        arguments = named(scalar, signature, name, careful)
        strong = [a for a, kind in zip(arguments, signature.types, strict=True) if kind == Type((), FLOAT)]
        again = [f"np.float64({a})" if a in strong else a for a in arguments]
        scalar.otherwise = f"return {careful}({', '.join(again)})"
        scalar.program(first.segment)
        head = [f"{INDENT}{a} = float({a})" for a in strong]
        quick = function(scalar, name, arguments, "ArithmeticError", head)
    elif first.segment is not segment:
        writer = BlockWriter(values, shared, "?")
        writer.suspects = first.suspects
        arguments = named(writer, signature, name, careful)
        writer.otherwise = f"return {careful}({', '.join(arguments)})"
        writer.program(first.segment)
        # Where NumPy is told to raise, a product that meets 0·∞ does, and a factorisation of its NaN always: it is none
        # of the user's.
        quick = function(writer, name, arguments, "(FloatingPointError, RuntimeWarning, np.linalg.LinAlgError)")
    else:
        quick, careful = [], name
    writer = BlockWriter(values, shared)
    arguments = named(writer, signature, name, careful)
    writer.program(segment)
    carefully = function(writer, careful, arguments)
    return Emitted(name, (*quick, *(["", ""] if quick else []), *carefully), shared.namespace)


def modules(paths: Sequence[Path]) -> dict[str, Any]:
    """The modules of optional libraries whose functions a program calls, by name."""
    homes = {getattr(step.op, "home", "numpy") for path in paths for step in path.graph.steps} - {"numpy"}
    return {home.rpartition(".")[2]: sys.modules[home] for home in sorted(homes)}


def named(writer: Writer, signature: Signature, *functions: str) -> list[str]:
    """Give the arguments their names; these names."""
    for one in functions:
        writer.taken.update((one, f"{one}_pool"))
    arguments = [writer.name(identifier(one)) for one in signature.names]
    for i, argument in enumerate(arguments):
        writer.names[writer.values.numbers["input", i]] = Spelled(argument)
    return arguments


def function(writer: Writer, name: str, arguments: list[str], errors: str = "", head: Sequence[str] = ()) -> list[str]:
    """The lines of a function: its buffers are taken from a pool, and given back whatever happens."""
    lines = [f"def {name}({', '.join(arguments)}):"]
    scratch = writer.scratch
    if scratch:
        own = writer.name("buffers")
        names = "(" + ", ".join(scratch) + ("," if len(scratch) == 1 else "") + ")"
        lines += [f"{INDENT}try:", f"{INDENT * 2}{names} = {own} = {name}_pool.pop()", f"{INDENT}except IndexError:"]
        lines.append(f"{INDENT * 2}{names} = {own} = (")
        lines += [f"{INDENT * 3}np.empty({shape}, {dtype_text(dtype)})," for shape, dtype in scratch.values()]
        lines.append(f"{INDENT * 2})")
    if scratch or errors:
        lines.append(f"{INDENT}try:")
        lines += [f"{INDENT}{line}" for line in (*head, *writer.lines)]
        if errors:
            lines += [f"{INDENT}except {errors}:", f"{INDENT * 2}{writer.otherwise}"]
        if scratch:
            lines += [f"{INDENT}finally:", f"{INDENT * 2}{name}_pool.append({own})", "", "", f"{name}_pool = []"]
        return lines
    return [*lines, *head, *writer.lines]
