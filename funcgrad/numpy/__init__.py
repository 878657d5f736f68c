"""NumPy's names. They are NumPy's own functions, which find their way here when an argument is traced.

What NumPy cannot dispatch is here instead: `array`, `asarray`, `full`, which read lists and numbers; `full_like`, `pad`
and `take` of a plain array, which NumPy dispatches by their first argument only; and `at`, the updates of `x.at[i]` for
plain arrays too. All other names are NumPy's: `funcgrad.numpy.sum is numpy.sum`.

>>> import numpy as np
>>> import funcgrad.numpy as fnp
>>> fnp.sum is np.sum, fnp.pi == np.pi
(True, True)
"""

from typing import TYPE_CHECKING, Any

import numpy as _numpy

import funcgrad.primitives.indexing
import funcgrad.primitives.pointwise  # noqa: F401  # REASON: imported to fill the tables of operators and ufuncs
from funcgrad.graph.dispatch import FAMILIES, OPERATORS, UFUNCS, loaded
from funcgrad.numpy import fft, linalg
from funcgrad.primitives.contracting import matmul as _matmul

if TYPE_CHECKING:  # they load on first use, below
    from funcgrad.numpy.creation import array, asarray, full, full_like, pad, take
    from funcgrad.numpy.indexing import at

__all__ = ["array", "asarray", "at", "fft", "full", "full_like", "linalg", "pad", "take"]

OPERATORS["matmul"] = UFUNCS[_numpy.matmul] = _matmul
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
    "funcgrad.numpy.factoring",
]


def __getattr__(name: str) -> Any:
    """What is our own, loaded on first use; else NumPy's."""
    if name not in __all__:
        return getattr(_numpy, name)
    module = loaded("funcgrad.numpy.indexing" if name == "at" else "funcgrad.numpy.creation")
    return globals().setdefault(name, getattr(module, name))  # Python asks no second time


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *__all__})
