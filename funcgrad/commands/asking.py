"""Asking: the user's function by name, and its arguments as Python writes them."""

import argparse
import ast
import inspect
import pkgutil
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from textwrap import fill
from typing import Any

import numpy as np

from funcgrad.commands.failing import Failure, Mistake, complain

#: A module's name.
NAME = re.compile(r"\w+(\.\w+)*")
HOW = """\
FUNCTION is module:name, such as mymodel:loss for the function loss in mymodel.py, which Python must find: in this
folder, or installed. ARGUMENTS are Python literals, one for each argument of the function, quoted for the shell where
it needs that:

  2.0  -3  1e-3  True  None       numbers and constants
  '[1.0, 2.0]'  '[[1, 2], [3, 4]]'  a list of numbers is an array of floats
  '(1, 2)'                        a tuple stays a tuple, and whole numbers stay whole
  '{"w": [0.5, 1.0], "b": 0.0}'   a dict is a tree of parameters
  '"relu"'                        text, between quotation marks of its own
"""


def parser_of(name: str, does: str, example: str) -> argparse.ArgumentParser:
    """The parser of a command on a function, which teaches how functions and arguments are written."""
    parser = argparse.ArgumentParser(
        prog=f"python -m funcgrad {name}",
        description=fill(does, 100),
        epilog=f"{HOW}\nexample:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("function", metavar="FUNCTION", help="module:name")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs="*", help="a Python literal")
    return parser


def parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> tuple[argparse.Namespace, Any, list[Any]]:
    """The options, the function, and its arguments; what is wrong with them ends the program with status 2."""
    options = parser.parse_args([f" {word}" if is_negative(word) else word for word in words])
    try:
        function = found(options.function)
        arguments = [literal(text, i) for i, text in enumerate(options.arguments, 1)]
        check_count(options.function, function, arguments)
    except Mistake as mistake:
        complain(parser, mistake)
    return options, function, arguments


def is_negative(word: str) -> bool:
    """Whether a word that looks like an option is a number."""
    try:
        return word.startswith("-") and isinstance(ast.literal_eval(word), int | float | complex)
    except (ValueError, SyntaxError):
        return False


def found(name: str) -> Callable[..., Any]:
    """The function of this name."""
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise Mistake(f"{name!r} is no function's name. Write module:name, such as mymodel:loss.")
    if module.endswith(".py") or "/" in module:
        known = module.removesuffix(".py").strip("./").replace("/", ".")
        raise Mistake(f"{module!r} is a file. Write the module as Python imports it: {known}:{attribute}.")
    try:
        inside = pkgutil.resolve_name(f"{module}:")
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise Failure(f"{module} cannot be imported.") from error
        raise Mistake(f"There is no module {error.name!r} to import, in this folder or installed.") from error
    except Exception as error:
        if isinstance(error, ValueError) and not NAME.fullmatch(module):
            raise Mistake(f"{name!r} is no function's name. Write module:name, such as mymodel:loss.") from error
        raise Failure(f"{module} cannot be imported.") from error
    for part in attribute.split("."):
        if not hasattr(inside, part):
            near = get_close_matches(part, [one for one in dir(inside) if not one.startswith("_")], 3, 0.5)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise Mistake(f"{module} has no {attribute!r}.{hint}")
        inside = getattr(inside, part)
    if not callable(inside):
        raise Mistake(f"{name} is no function, but of type {type(inside).__name__}.")
    result: Callable[..., Any] = inside
    return result


def literal(text: str, position: int) -> Any:
    """An argument as Python writes it, its lists of numbers as arrays.

    >>> literal("{'w': [1, 2], 'n': (3, 4)}", 1)
    {'w': array([1., 2.]), 'n': (3, 4)}
    """
    try:
        return with_arrays(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        if text.isidentifier():
            hint = f"For text, write '\"{text}\"'."
        elif isinstance(error, ValueError) and "node or string" not in str(error):
            hint = f"{error}."
        else:
            hint = "Write numbers, text in quotation marks, lists, tuples or dicts of them."
        raise Mistake(f"Argument {position}, {text}, is no Python literal. {hint}") from error


def with_arrays(value: Any) -> Any:
    """A literal with arrays of floats in place of its lists of numbers."""
    if isinstance(value, dict):
        return {key: with_arrays(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(map(with_arrays, value))
    if isinstance(value, list):
        return (
            np.array(value, complex if complex_within(value) else float)
            if numbers(value)
            else list(map(with_arrays, value))
        )
    return value


def numbers(value: Any) -> bool:
    """Whether a list holds numbers, or lists of numbers of one length."""
    if not value:
        return True
    if all(isinstance(one, list) for one in value):
        same = len({len(one) for one in value}) == 1
        if same and all(numbers(one) for one in value):
            return len({np.shape(one) for one in value}) == 1
        if not same and all(numbers(one) for one in value):
            raise ValueError(f"Its rows have {' and '.join(sorted({str(len(one)) for one in value}))} numbers")
        return False
    return all(isinstance(one, int | float | complex) for one in value)


def complex_within(value: Any) -> bool:
    """Whether a number of a list is complex."""
    return any(complex_within(one) if isinstance(one, list) else isinstance(one, complex) for one in value)


def check_count(name: str, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    """Complain if the function does not take so many arguments."""
    try:
        declared = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        declared.bind(*arguments)
    except TypeError as error:
        count = f"{len(arguments)} argument{'' if len(arguments) == 1 else 's'}"
        raise Mistake(f"{name}{declared} was given {count}: {error}.") from error
