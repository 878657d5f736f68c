"""Module: a program as the text of a Python module that needs NumPy alone, and SciPy where the program calls it."""

from collections.abc import Sequence
from types import MethodType, ModuleType
from typing import Any

import numpy as np
from attrs import evolve

from funcgrad import tree
from funcgrad.backends.emitting import emitted
from funcgrad.backends.naming import function_name, identifier
from funcgrad.backends.packing import COLUMNS, Packer, array_text, literal
from funcgrad.backends.writing import INDENT
from funcgrad.errors import BadAnswer, UntracedPath
from funcgrad.graph.program import Path, Signature


def module(signature: Signature, paths: Sequence[Path]) -> str:
    """The text of a module with the function: it takes the arguments as the user's does, trees included."""
    name = function_name(signature.name)
    arguments = [child for part in signature.structure.children for child in part.children]
    direct = all([child.cls is object for child in arguments])
    program = emitted(signature if direct else evolve(signature, name=f"{name}_of_leaves"), paths)
    body = "\n".join(program.lines)
    packer = Packer({*program.namespace, name, program.name, f"{program.name}_carefully"})
    packer.packed[id(np)] = ("np", np)
    for one, value in program.namespace.items():
        if value is UntracedPath:
            if f"raise {one}(" in body:
                packer.definitions[one] = f'class {one}(ValueError):\n{INDENT}"""A branch that was never traced."""'
        elif isinstance(value, np.ndarray):
            packer.definitions[one] = f"{one} = {array_text(value, packer)}"
        elif isinstance(value, MethodType) and isinstance(value.__self__, tree.Structure):
            packer.definitions[one] = tree_text(one, value.__self__, packer)
        elif value is not np:
            packer.define(one, value)
    imports = [text for text in packer.definitions.values() if text.startswith(("from ", "import "))]
    others = [text for text in packer.definitions.values() if text not in imports]
    functions = [text for text in others if text.startswith(("def ", "class "))]
    constants = [text for text in others if text not in functions]
    if not direct:
        functions.append(entrance(signature, name, program.name))
    parts = ["\n".join([*described(signature, name, program.namespace), "", *sorted(imports), "import numpy as np"])]
    parts += ["\n".join(["", *constants])] if constants else []
    return "\n\n\n".join(["\n".join(parts), *functions, body]) + "\n"


def described(signature: Signature, name: str, namespace: dict[str, Any]) -> list[str]:
    """The module's docstring: what the function takes, and which libraries it calls."""
    needs = (
        "NumPy and SciPy"
        if any([isinstance(one, ModuleType) and one is not np for one in namespace.values()])
        else "NumPy"
    )
    pairs = zip(signature.names, signature.types, strict=True)
    takes = [f"{one}: {kind!r}".replace("\\", "/").replace('"', "'") for one, kind in pairs]
    return [f'"""{name}: {needs} alone, written by funcgrad for', "", *takes, '"""']


def entrance(signature: Signature, name: str, program: str) -> str:
    """The function of the arguments' trees, which takes them apart."""
    positional, named = signature.structure.children
    given = dict(zip(positional.steps, signature.arguments, strict=False))
    words = {key.value: identifier(str(key.value)) for key in named.steps}
    parameters = [*map(identifier, given.values()), *(["*", *words.values()] if words else [])]
    leaves = []
    for which, step, *rest in signature.structure.paths():
        root = identifier(given[step]) if which.value == 0 else words[step.value]
        leaves.append(tree.path_name(tuple(rest), root))
    line = f"{INDENT}return {program}({', '.join(leaves)})"
    if len(line) > COLUMNS:
        inner = "".join([f"{INDENT * 2}{leaf},\n" for leaf in leaves])
        line = f"{INDENT}return {program}(\n{inner}{INDENT})"
    return f"def {name}({', '.join(parameters)}):\n{line}"


# ---- answers ---------------------------------------------------------------------------------------------------------
def tree_text(name: str, structure: tree.Structure, packer: Packer) -> str:
    """The definition of the function that puts leaves into an answer's tree."""
    built = construction(structure, packer)
    return f"def {name}(leaves):\n{INDENT}leaves = iter(leaves)\n{INDENT}return {built}"


def construction(structure: tree.Structure, packer: Packer) -> str:
    """The expression that makes a tree, its leaves in order."""
    if structure.cls is object:
        return "next(leaves)"
    if structure.cls is type(None):
        return "None"
    inner = [construction(child, packer) for child in structure.children]
    if structure.cls is tuple:
        return f"({', '.join(inner)}{',' * (len(inner) == 1)})"
    if structure.cls is list:
        return f"[{', '.join(inner)}]"
    if structure.cls in tree.DICTS and not structure.static:
        pairs = ", ".join([f"{key!r}: {one}" for key, one in zip(structure.keys or (), inner, strict=True)])
        cls = "" if structure.cls is dict else packer.reference(structure.cls.__name__, structure.cls)
        return f"{cls}({{{pairs}}})" if cls else f"{{{pairs}}}"
    return record(structure, dict(zip(structure.keys or (), inner, strict=True)), packer)


def record(structure: tree.Structure, fields: dict[str, str], packer: Packer) -> str:
    """The expression that makes a named tuple, an attrs class or a dataclass."""
    cls = structure.cls
    known = structure.keys is not None and cls not in tree.KINDS
    if not known or "<locals>" in cls.__qualname__ or cls.__module__ == "__main__":
        raise BadAnswer(
            f"The text of a program cannot make a {cls.__name__}, which its answer holds. A module can import only "
            "classes that stand in another, by their fields. Return a dict, or save the program with its method save."
        )
    fields |= {key: literal(value) for key, value in structure.static}
    values = ", ".join([f"{key}={value}" for key, value in fields.items()])
    return f"{packer.reference(cls.__name__, cls)}({values})"
