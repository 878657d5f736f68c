"""NumPy's names. They are NumPy's own functions, which find their way here when an argument is traced.

What NumPy cannot dispatch is here instead: `array`, `asarray` and its kin, `full`, `r_` and `c_`, which read lists and
numbers; `full_like`, `pad` and `take` of a plain array, which NumPy dispatches by their first argument only;
`vectorize`; and `at`, the updates of `x.at[i]` for plain arrays too. `sort` and `argsort` have the array API standard's
`descending`. All other names are NumPy's: `funcgrad.numpy.sum is numpy.sum`.

>>> import numpy as np
>>> import funcgrad.numpy as fnp
>>> fnp.sum is np.sum, fnp.pi == np.pi
(True, True)
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as _numpy

import funcgrad.primitives.indexing
import funcgrad.primitives.pointwise  # noqa: F401  # REASON: imported to fill the tables of operators and ufuncs
from funcgrad.graph.dispatch import EXTRAS, FAMILIES, FOREIGN, OPERATORS, UFUNCS, loaded
from funcgrad.numpy import fft, linalg
from funcgrad.primitives.contracting import matmul as _matmul

if TYPE_CHECKING:  # they load on first use, below
    from funcgrad.numpy.creation import (
        array,
        asanyarray,
        asarray,
        ascontiguousarray,
        asfortranarray,
        c_,
        full,
        full_like,
        pad,
        r_,
        take,
    )
    from funcgrad.numpy.indexing import at
    from funcgrad.numpy.standard import argsort, sort
    from funcgrad.numpy.vectorizing import vectorize

__all__ = [
    "argsort", "array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "at", "c_", "fft", "full",
    "full_like", "linalg", "pad", "r_", "sort", "take", "vectorize",
]  # fmt: skip

OPERATORS["matmul"] = UFUNCS[_numpy.matmul] = _matmul.__call__  # a bound method is quicker to call
FAMILIES += [
    "funcgrad.numpy.reducing",
    "funcgrad.numpy.contracting",
    "funcgrad.numpy.shaping",
    "funcgrad.numpy.indexing",
    "funcgrad.numpy.joining",
    "funcgrad.numpy.pointwise",
    "funcgrad.numpy.describing",
    "funcgrad.numpy.scanning",
    "funcgrad.numpy.ordering",
    "funcgrad.numpy.algebra",
    "funcgrad.numpy.quantiles",
    "funcgrad.numpy.statistics",
    "funcgrad.numpy.counting",
    "funcgrad.numpy.polynomials",
    "funcgrad.numpy.sets",
    "funcgrad.numpy.asking",
    "funcgrad.numpy.applying",
    "funcgrad.numpy.spectral",
    "funcgrad.numpy.sampling",
    "funcgrad.numpy.spacing",
    "funcgrad.numpy.padding",
    "funcgrad.numpy.factoring",
]
EXTRAS |= {
    "integrate.flowing": "funcgrad.integrate.flowing",
    "integrate.stiff": "funcgrad.integrate.stiff",
    "random.drawing": "funcgrad.random.drawing",
    "scipy.special": "funcgrad.scipy.functions",
    "scipy.linalg": "funcgrad.scipy.linalg",
    "scipy.signal": "funcgrad.scipy.signal",
    "scipy.sparse": "funcgrad.scipy.sparse",
}
FOREIGN["scipy.sparse"] = "funcgrad.scipy.sparse.arrays"


#: Where those of our own stand that `creation` has not.
_HOMES = {
    "at": "funcgrad.numpy.indexing",
    "sort": "funcgrad.numpy.standard",
    "argsort": "funcgrad.numpy.standard",
    "vectorize": "funcgrad.numpy.vectorizing",
}


def _namespace(version: Any) -> ModuleType:
    """This module, as the array API standard's namespace of traced values; NumPy's error for another version."""
    _numpy.empty(0).__array_namespace__(api_version=version)
    return sys.modules[__name__]


OPERATORS["array_namespace"] = _namespace


def __getattr__(name: str) -> Any:
    """What is our own, loaded on first use; else NumPy's."""
    if name not in __all__:
        return getattr(_numpy, name)
    module = loaded(_HOMES.get(name, "funcgrad.numpy.creation"))
    return globals().setdefault(name, getattr(module, name))  # Python asks no second time


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *__all__})
