"""Mirroring: functions of SciPy's that differentiate where an argument is traced, and are its own where none is."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type
from funcgrad.numpy.algebra import inexact
from funcgrad.primitives.shaping import Cast

Function = Callable[..., Any]


def traced(*args: Any) -> bool:
    """Whether there is a traced value in a tree of arguments."""
    return any([type(leaf) is Node for leaf in tree.leaves(args)])


def mirrors(theirs: Function) -> Callable[[Function], Function]:
    """Decorate the meaning of SciPy's function on traced values: without one, it is SciPy's own that answers."""

    def decorate(ours: Function) -> Function:
        @wraps(ours)
        def function(*args: Any, **keywords: Any) -> Any:
            if traced(args, keywords):
                return ours(*args, **keywords)
            answer = theirs(*args, **keywords)
            return tuple(answer) if type(answer) is list else answer  # of stacks SciPy returns several as a list

        return function

    return decorate


def known(a: Any) -> Any:
    """The number or the array behind a value, or its Type."""
    return a.value if type(a) is Node else a


def arrays(check_finite: bool, *args: Any) -> list[Any]:
    """Arguments as arrays of real or complex numbers; those whose numbers are known are finite, or SciPy's error."""
    found = [inexact(a) for a in args]
    if check_finite and not all([type(known(a)) is Type or np.isfinite(known(a)).all() for a in found]):
        raise ValueError("array must not contain infs or NaNs")
    return found


def double(a: Any) -> Any:
    """An array in double precision, where SciPy's answer is in that whatever the argument is in."""
    return Cast(np.result_type(a.dtype, np.float64))(a) if a.dtype.char in "fF" else a


def unsupported(function: str, option: str, instead: str) -> None:
    """Refuse an option of a function of SciPy's."""
    refuse(UnsupportedFunction, f"scipy.{function} with {option} is not supported on a traced value.", instead)
