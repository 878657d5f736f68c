"""NumPy's protocols: how `np.sin(x)` and `np.sum(x)` on a traced value find their way here."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from funcgrad.errors import ImmutableValue, UnsupportedFunction
from funcgrad.graph.dispatch import FUNCTIONS, UFUNCS, found, loaded
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import PLAIN

#: What a ufunc's options are when they are as good as absent.
NEUTRAL = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True, "signature": None}
#: What says over which axis a sum or product goes.
OVER = ("axis", "keepdims")
OUT = "Write y = {0}(…) and use y: a traced value cannot be written into an array that others may hold."
INPLACE = "Write a = a + x in place of a += x, or a.at[i].add(x): NumPy would have changed every alias of a."


class Protocols:
    """`__array_ufunc__` and `__array_function__`."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        node = type(self)
        for a in inputs:
            kind = type(a)
            if kind is not node and kind not in PLAIN and not taken(a):
                return NotImplemented
        key = ufunc if method == "__call__" else (ufunc, method)
        meaning = UFUNCS.get(key) or found(UFUNCS, key)
        if meaning is None:
            if method == "at":
                happened = f"np.{ufunc.__name__}.at changes an array in place."
                refuse(ImmutableValue, happened, "Write x = x.at[i].add(v).")
            missing(ufunc if method == "__call__" else f"{ufunc.__name__}.{method}")
        if not options:
            return meaning(*inputs)
        reduces = method != "__call__" or ufunc is np.vecdot
        options = checked(own_name(ufunc), options, keep=OVER if reduces else ())
        return meaning(*inputs, **options)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, options: Any) -> Any:
        meaning = FUNCTIONS.get(func) or found(FUNCTIONS, func)
        if meaning is None:
            missing(func)
        return meaning(*args, **options)


def taken(a: Any) -> bool:
    """Whether an argument is one that operations take; a subclass of ndarray, which means more, is refused by name."""
    if type(a) is np.ndarray or isinstance(a, np.generic | int | float | complex | list | tuple | np.memmap):
        return True
    if isinstance(a, np.ndarray):
        name = type(a).__name__
        refuse(
            UnsupportedFunction,
            f"A {name} met a traced value, and its own meaning (such as a mask) would be lost.",
            f"Convert it to a plain array first{', for example with a.filled(0)' if name == 'MaskedArray' else ''}.",
        )
    return False


def own_name(ufunc: np.ufunc) -> str:
    """The name of a ufunc of NumPy's; that of SciPy's, which is the only other library with rules, with its module."""
    name = ufunc.__name__
    return name if getattr(np, name, None) is ufunc else f"scipy.special.{name}"


def titled(name: str) -> str:
    """A function as a user writes it: NumPy's under np."""
    return name if name.startswith("scipy.") else f"np.{name}"


def checked(name: str, options: dict[str, Any], keep: tuple[str, ...]) -> dict[str, Any]:
    """The options that matter: those in `keep`; the others must be neutral."""
    out = options.pop("out", None)
    if out is not None and any(o is not None for o in (out if type(out) is tuple else (out,))):
        aliased = any(isinstance(o, np.ndarray) for o in (out if type(out) is tuple else (out,)))
        refuse(
            ImmutableValue if aliased else UnsupportedFunction,
            f"{titled(name)} was asked to write a traced value into an array (out= or an operator such as +=).",
            f"{INPLACE} {OUT.format(titled(name))}",
        )
    kept = {}
    for option, value in options.items():
        if option in keep:
            kept[option] = value
        elif option not in NEUTRAL or isinstance(value, np.ndarray) or value != NEUTRAL[option]:
            unsupported(name, option)
    return kept


REMEDIES = {
    "where": "Choose with np.where(mask, {0}(…), other), or multiply by the mask before a sum.",
    "dtype": "Convert with x.astype(dtype) before {0}.",
    "out": OUT,
    "initial": "Combine the initial value with the answer yourself.",
    "casting": "Convert with x.astype(dtype) before {0}.",
}


def unsupported(name: str, option: str) -> NoReturn:
    """Refuse an option of a function."""
    remedy = REMEDIES.get(option, "Leave it out.").format(titled(name))
    refuse(UnsupportedFunction, f"{titled(name)} with {option}= is not supported on a traced value.", remedy)


def missing(function: Any) -> NoReturn:
    """Refuse a function without a rule: name it, its nearest supported kin, and the way to a rule of one's own."""
    name = function if type(function) is str else function.__name__
    module = "" if type(function) is str else f"{(getattr(function, '__module__', None) or 'numpy').split('._')[0]}."
    kin = loaded("funcgrad.graph.kin").nearest(name)
    nearest = f" The nearest supported names are {' and '.join('np.' + k for k in kin)}." if kin else ""
    refuse(
        UnsupportedFunction,
        f"{module}{name} has no derivative rule in funcgrad.",
        f"Compose it of supported functions, or wrap it with a rule of your own (docs: add a primitive).{nearest}",
    )
