"""The tables of derivatives of scipy.special's ufuncs, a family that joins when SciPy's names are first met."""

from funcgrad.scipy import bessel, cumulative, elliptic, entropy, erf, gamma, series

__all__ = ["bessel", "cumulative", "elliptic", "entropy", "erf", "gamma", "series"]
