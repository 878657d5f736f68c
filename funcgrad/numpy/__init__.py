"""NumPy's names. They are NumPy's own functions, which find their way here when an argument is traced.

What NumPy cannot dispatch is here instead: `array`, `asarray`, `full`, which read lists and numbers; `full_like`, `pad`
and `take` of a plain array, which NumPy dispatches by their first argument only; and `at`, the updates of `x.at[i]` for
plain arrays too. All other names are NumPy's: `funcgrad.numpy.sum is numpy.sum`.

>>> import numpy as np
>>> import funcgrad.numpy as fnp
>>> fnp.sum is np.sum, fnp.pi == np.pi
(True, True)
"""

from typing import Any

import numpy as _numpy

import funcgrad.numpy.algebra
import funcgrad.numpy.contracting
import funcgrad.numpy.describing
import funcgrad.numpy.indexing
import funcgrad.numpy.joining
import funcgrad.numpy.ordering
import funcgrad.numpy.pointwise
import funcgrad.numpy.reducing
import funcgrad.numpy.scanning
import funcgrad.numpy.shaping  # noqa: F401  # imported to fill the dispatch table
from funcgrad.numpy import linalg
from funcgrad.numpy.creation import array, asarray, full, full_like, pad, take
from funcgrad.numpy.indexing import at

__all__ = ["array", "asarray", "at", "full", "full_like", "linalg", "pad", "take"]


def __getattr__(name: str) -> Any:
    """NumPy's own."""
    return getattr(_numpy, name)


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *__all__})
