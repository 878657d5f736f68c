"""Place: where a step of a graph was written, and the variable that its answer went to."""

import opcode
import os
from types import CodeType
from typing import Any

from attrs import define, field, frozen


@frozen
class Place:
    """A line of the user's."""

    #: The file's name, without its folder.
    file: str
    #: The line's number.
    line: int
    #: The variable that the line gives its answer to; empty where it gives it to none.
    variable: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@define(eq=False)
class Places:
    """Finds the places of types that have a witness, reading each code object once."""

    #: Lines and instructions by code object.
    read: dict[CodeType, tuple[list[int | None], bytes]] = field(factory=dict)
    #: What has been found.
    found: dict[Any, Place] = field(factory=dict)

    def of(self, kind: Any) -> Place | None:
        """The place of a history's answer; None where none was remembered."""
        kind = kind[0] if type(kind) is tuple else kind
        witness = getattr(kind, "witness", None)
        return None if witness is None else self.at(witness.position)

    def at(self, position: Any) -> Place | None:
        """The place of an instruction."""
        if position is None:
            return None
        if position not in self.found:
            code, offset, replayed, *_ = position
            if code not in self.read:
                self.read[code] = ([line for line, *_ in code.co_positions()], code.co_code)
            lines, instructions = self.read[code]
            line = lines[offset // 2] or code.co_firstlineno
            name = os.path.basename(code.co_filename)
            self.found[position] = Place(name, line, "" if replayed else variable(code, instructions, offset + 2))
        return self.found[position]


def variable(code: CodeType, instructions: bytes, offset: int) -> str:
    """The variable that the instruction at `offset` stores to; an empty name for none, and for one nobody can write."""
    name = stored(code, instructions, offset)
    return name if name.isidentifier() else ""


def stored(code: CodeType, instructions: bytes, offset: int) -> str:
    """The name that the instruction at `offset` stores to: at once, after a copy, or at the end of an `if … else`."""
    name = ""
    while offset + 1 < len(instructions):
        name, number = opcode.opname[instructions[offset]], instructions[offset + 1]
        if instructions[offset] == 0 or name == "COPY":  # a cache of the instruction before; `a = b = …`, `(a := …)`
            offset += 2
        elif name == "JUMP_FORWARD":
            offset += 2 + 2 * number
        else:
            break
    else:
        return ""
    if name == "STORE_FAST":
        return code.co_varnames[number]
    if name.startswith("STORE_FAST_"):  # two instructions in one, since CPython 3.13
        return code.co_varnames[number >> 4]
    if name == "STORE_DEREF":  # a variable that an inner function sees
        inner = [one for one in code.co_cellvars if one not in code.co_varnames]
        return [*code.co_varnames, *inner, *code.co_freevars][number]
    return code.co_names[number] if name in ("STORE_NAME", "STORE_GLOBAL") else ""
