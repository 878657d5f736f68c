"""Where NumPy's names lead when an argument is traced: filled while funcgrad is imported, then only read."""

from collections.abc import Callable
from typing import Any

#: A Python operator, by its name in `operator`.
OPERATORS: dict[str, Callable[..., Any]] = {}
#: A ufunc called plainly, or the pair (ufunc, "reduce" | "accumulate" | "outer").
UFUNCS: dict[Any, Callable[..., Any]] = {}
#: A function that NumPy hands over through `__array_function__`.
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}


def implements(*functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate the meaning of NumPy's `functions` on traced values."""

    def register(meaning: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = meaning
        return meaning

    return register
