"""Where NumPy's names lead when an argument is traced: tables that modules fill while they load, then only read.

The operations that every program needs load with funcgrad. A family of NumPy's spellings loads when a name is met that
no table has yet, so that importing funcgrad takes little longer than importing NumPy alone.
"""

import sys
from collections.abc import Callable, Iterator
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
#: The families of optional libraries, by the module without which nobody can hold a name of theirs.
EXTRAS: dict[str, str] = {}
#: The operations that these families bring, by name: the optional module's name, a dot, and the operation's. An
#: operation of fields is here as its class.
OPERATIONS: dict[str, Any] = {}
#: What @ means beside a value of another library: by that library's package, the module whose `matmul` knows.
FOREIGN: dict[str, str] = {}


def implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate the meaning of NumPy's `functions` on traced values, in a family's module."""

    def register(meaning: Callable[..., Any]) -> Callable[..., Any]:
        DECLARED.setdefault(meaning.__module__, {}).update(dict.fromkeys(functions, meaning))
        return meaning

    return register


def saved(cls: Any) -> Any:
    """Decorate a class of operations that an optional library runs, so that a saved program may name it."""
    OPERATIONS[f"{'.'.join(cls.__module__.split('.')[1:3])}.{cls.__name__}"] = cls  # such as scipy.linalg.Eliminated
    return cls


def loaded(module: str) -> ModuleType:
    """A module that loads on first use: the one place of the library where an import is not a statement at the top."""
    return import_module(module)


def foreign(value: Any) -> Any:
    """The module that knows what operators mean beside a value of another library's; None if there is none."""
    for cls in type(value).__mro__:
        module = FOREIGN.get(".".join(cls.__module__.split(".")[:2]))
        if module is not None:
            return loaded(module)
    return None


def found(table: dict[Any, Callable[..., Any]], key: Any) -> Any:
    """What `key` leads to, families being loaded until one knows it; None if none does."""
    for family in families():
        if key in table:
            break
        join(family)
    return table.get(key)


def families() -> Iterator[str]:
    """NumPy's families, then those of the optional libraries that the user has imported."""
    yield from FAMILIES
    yield from [family for library, family in EXTRAS.items() if library in sys.modules]


def registered(name: str) -> Any:
    """The operation that has this name, its library's family being loaded; None if there is none."""
    for library, family in EXTRAS.items():
        if name.startswith(f"{library}."):
            loaded(family)
    return OPERATIONS.get(name)


def complete() -> None:
    """Let all families join: for whoever reads whole tables."""
    for family in families():
        join(family)


def join(family: str) -> None:
    """Load a family, and let what it declares be found."""
    loaded(family)
    FUNCTIONS.update(DECLARED.get(family, {}))
