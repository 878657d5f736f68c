"""The tables of derivatives of scipy.special's ufuncs, a family that joins when SciPy's names are first met."""

from funcgrad.scipy import entropy, erf, gamma

__all__ = ["entropy", "erf", "gamma"]
