"""Where NumPy's names lead when an argument is traced: tables that modules fill while they load, then only read.

The operations that every program needs load with funcgrad. A family of NumPy's spellings loads when a name is met that
no table has yet, so that importing funcgrad takes little longer than importing NumPy alone.
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

#: A Python operator, by its name in `operator`; also "astype" and "at", which a traced value has as attributes.
OPERATORS: dict[str, Callable[..., Any]] = {}
#: A ufunc called plainly, or the pair (ufunc, "reduce" | "accumulate" | "outer").
UFUNCS: dict[Any, Callable[..., Any]] = {}
#: A function that NumPy hands over through `__array_function__`.
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
#: What each module declares of FUNCTIONS. It goes there once the module is whole: another thread may look meanwhile.
DECLARED: dict[str, dict[Callable[..., Any], Callable[..., Any]]] = {}
#: The modules of the families, by name, in the order in which they are asked: those first that programs meet most.
FAMILIES: list[str] = []


def implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate the meaning of NumPy's `functions` on traced values, in a family's module."""

    def register(meaning: Callable[..., Any]) -> Callable[..., Any]:
        DECLARED.setdefault(meaning.__module__, {}).update(dict.fromkeys(functions, meaning))
        return meaning

    return register


def loaded(module: str) -> ModuleType:
    """A module that loads on first use: the one place of the library where an import is not a statement at the top."""
    return import_module(module)


def found(table: dict[Any, Callable[..., Any]], key: Any) -> Any:
    """What `key` leads to, families being loaded until one knows it; None if none does."""
    for family in FAMILIES:
        if key in table:
            break
        join(family)
    return table.get(key)


def complete() -> None:
    """Let all families join: for whoever reads whole tables."""
    for family in FAMILIES:
        join(family)


def join(family: str) -> None:
    """Load a family, and let what it declares be found."""
    loaded(family)
    FUNCTIONS.update(DECLARED.get(family, {}))
