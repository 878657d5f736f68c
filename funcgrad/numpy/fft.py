"""numpy.fft's names, NumPy's own, which dispatch on traced values by themselves."""

from typing import Any

import numpy as np


def __getattr__(name: str) -> Any:
    """NumPy's own."""
    return getattr(np.fft, name)


def __dir__() -> list[str]:
    return dir(np.fft)
