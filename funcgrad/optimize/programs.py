"""Programs: a jitted function's Jacobian is jitted too, and kept with the function for the next time."""

from collections.abc import Callable
from typing import Any

from funcgrad.graph.types import type_of
from funcgrad.optimize.objectives import Function, flat_answer
from funcgrad.optimize.unknowns import Unknowns
from funcgrad.transforms.derivatives import jacfwd, jacrev
from funcgrad.transforms.jitting import jit


def jacobian_program(solver: str, fun: Function, unknowns: Unknowns, args: Any, kwargs: Any) -> Function | None:
    """The Jacobian in the vector of the unknowns; None where a function is not jitted, or some argument is static."""
    remembered = getattr(fun, "__jitted__", None)
    if remembered is None or remembered.static.positions or remembered.static.names:
        return None
    key = ("jacobian", solver, unknowns.structure, unknowns.kinds)
    made = remembered.derived.get(key)
    if made is None:

        def slope(vector: Any, args: Any, kwargs: Any) -> Any:
            function = flat_answer(lambda x: fun(unknowns.tree(x), *args, **kwargs), None, solver)
            forwards = vector.size <= type_of(function(vector)).size
            return (jacfwd if forwards else jacrev)(function)(vector)

        made = remembered.derived[key] = jit(slope, backend=remembered.backend)
    program: Callable[..., Any] = made
    return lambda vector: program(vector, args, kwargs or {})
