"""The user's line: where, outside funcgrad, something was written."""

import inspect
import linecache
import os
import sys
from functools import partial
from types import CodeType, FrameType
from typing import Any, NoReturn

from funcgrad import tree

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
EXAMPLES = OURS + "examples" + os.sep


def foreign(code: CodeType) -> bool:
    """Whether `code` is the user's: neither funcgrad's (its examples count as the user's) nor NumPy's own."""
    name = code.co_filename
    return (not name.startswith(OURS) or name.startswith(EXAMPLES)) and f"{os.sep}numpy{os.sep}" not in name


def user_frame() -> FrameType | None:
    """The innermost running frame of the user's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not foreign(frame.f_code):
        frame = frame.f_back
    return frame


def position() -> tuple[CodeType, int] | None:
    """The instruction that the innermost running frame of the user's is at."""
    frame = user_frame()
    return None if frame is None else (frame.f_code, frame.f_lasti)


def place(code: CodeType, line: int) -> str:
    """A file and line as a message shows them."""
    return f"{os.path.basename(code.co_filename)}:{line}"


def user_line() -> str:
    """“It stands in line `…` (file.py:12). ”, or nothing where there is no user's line to show."""
    frame = user_frame()
    if frame is None:
        return ""
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    quoted = f"`{text}` " if text else ""
    return f"It stands in {quoted}({place(frame.f_code, frame.f_lineno)}). "


def refuse(kind: type[Exception], happened: str, remedy: str) -> NoReturn:
    """Raise `kind`: what happened, in which of the user's lines, and what to write instead."""
    raise kind(f"{happened} {user_line()}{remedy}")


def expression() -> str:
    """The piece of the user's line that is being evaluated, such as `x > 0`; empty where Python kept no text."""
    here = position()
    return "" if here is None else text_at(*here)


def text_at(code: CodeType, offset: int) -> str:
    """The piece of a line that an instruction is made of; empty where Python kept no text."""
    line, last, start, stop = list(code.co_positions())[offset // 2]
    if line is None or line != last:
        return ""
    text = linecache.getline(code.co_filename, line).encode()
    return text[start:stop].decode(errors="replace").strip()


def unwrapped(function: Any) -> Any:
    """The user's function beneath what transforms made of it."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def function_place(function: Any) -> tuple[str, str]:
    """A function's name, and where it is defined."""
    inner = unwrapped(function)
    while isinstance(inner, partial):
        inner = unwrapped(inner.func)
    code = getattr(inner, "__code__", None)
    named = function if hasattr(function, "__name__") and hasattr(inner, "__name__") else inner
    return getattr(named, "__name__", type(named).__name__), f" ({place(code, code.co_firstlineno)})" if code else ""


def argument_name(function: Any, argument: int | str) -> str:
    """The name of an argument, as its function declares it."""
    argument = declared(function, argument)
    if isinstance(argument, str):
        return argument
    code = getattr(unwrapped(function), "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code else ()
    argument += hasattr(function, "__self__")
    return names[argument] if argument < len(names) else signed_name(function, argument - hasattr(function, "__self__"))


def signed_name(function: Any, argument: int) -> str:
    """The name of an argument by the signature: that of a partial function, of an object that is called, of `*xs`."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return f"argument {argument}"
    for i, one in enumerate(parameters[: argument + 1]):
        if one.kind is one.VAR_POSITIONAL:
            return f"{one.name}[{argument - i}]"
    here = parameters[argument : argument + 1]
    positional = bool(here) and here[0].kind in (here[0].POSITIONAL_ONLY, here[0].POSITIONAL_OR_KEYWORD)
    return here[0].name if positional else f"argument {argument}"


def declared(function: Any, argument: int | str) -> int | str:
    """Which argument of the user's function stands here for an argument of what a transform made of it.

    A function of ours that hands its arguments on in another order says so in `__order__`.
    """
    order = getattr(function, "__order__", None)
    found: int | str = argument if order is None or isinstance(argument, str) else order[argument]
    return found


def truth_remedy() -> str:
    """What to write in place of the statement of the user's that asks for a truth."""
    frame = user_frame()
    line = "" if frame is None else linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    if line.startswith("while "):
        return "Write funcgrad.lax.while_loop"
    return "Choose with np.where(x > 0, a, b) or funcgrad.lax.cond"


def leaf_path(function: Any, argument: int | str, structure: Any, position: int) -> str:
    """The name of one leaf of an argument, such as params['w']."""
    return tree.path_name(structure.paths()[position], root=argument_name(function, argument))


def unknown_sentences(node: Any, asked: str, choice: str) -> str:
    """The sentences of an UnknownValue: what was asked, under which transform, of which argument, and the way out."""
    calls = [call for call in node.history.calls if call.running] or list(node.history.calls)
    call = max(calls, key=lambda call: call.birth)
    name, where = function_place(call.function)
    leaf = leaf_of(node.history, call)
    if leaf is None or leaf.structure is None:
        return f"{asked} is not known while {call.transform} traces {name}{where}. {choice}."
    path, argument = leaf_path(call.function, leaf.argument, leaf.structure, leaf.position), leaf.argument
    own = declared(call.function, argument)
    which = "keyword argument " if isinstance(argument, str) else "argument " if isinstance(own, int) else ""
    made = f"{path} is {'' if leaf.structure is tree.LEAF else 'a leaf of '}{which}{own} of {name}{where}. "
    instead = f", or pass {path} with in_axes=None" if call.transform == "vmap" else ""
    return f"{asked} is not known while {call.transform} traces {name}. {made}{choice}{instead}."


def leaf_of(history: Any, call: Any) -> Any:
    """The first leaf of `call` that `history` is made of, or None."""
    seen, stack = {history}, [history]
    while stack:
        one = stack.pop()
        if getattr(one.op, "call", None) is call:
            return one.op
        for a in one.args:
            below = getattr(a, "history", a)
            if hasattr(below, "calls") and call in below.calls and below not in seen:
                seen.add(below)
                stack.append(below)
    return None
