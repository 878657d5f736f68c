"""numpy.fft's names: transforms of one axis are primitives, those of several are made of them, an axis at a time."""

import warnings
from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.graph.dispatch import implements
from funcgrad.numpy.reducing import refuse_given
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.scanning import piece
from funcgrad.primitives.shaping import ALL
from funcgrad.primitives.spectral import SWAPPED, Fourier, InverseRealFourier, RealFourier

NORMS: dict[Any, Any] = {None: "backward"} | {norm: norm for norm in SWAPPED}
#: The deprecations of NumPy 2.0, in short.
DEPRECATED = "is deprecated in NumPy 2.0 and will raise an error in a future version of NumPy."


def scale(norm: Any) -> Any:
    """The name of a norm, or NumPy's error."""
    if norm not in NORMS:
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    return NORMS[norm]


def points(n: Any) -> int:
    """The number of points of a transform, or NumPy's error."""
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    return index(n)


def of_length(a: Any, n: int, axis: int) -> Any:
    """`a` cut to the first n elements along an axis, or lengthened by zeros."""
    if a.shape[axis] >= n:
        return a if a.shape[axis] == n else piece(a, axis, None, n)
    start = Index((*(ALL,) * axis, slice(None, a.shape[axis])))
    return Scatter((*a.shape[:axis], n, *a.shape[axis + 1 :]), (start,))(a)


def complex_transform(name: str, a: Any, n: Any, axis: Any, norm: Any, out: Any) -> Any:
    """np.fft.fft or np.fft.ifft."""
    refuse_given(f"fft.{name}", out=out)
    a = operand(a)
    n, norm = points(a.shape[axis] if n is None else n), scale(norm)
    axis = normalize_axis_index(axis, a.ndim)
    return Fourier(axis, name == "ifft", norm)(of_length(a, n, axis))


def real_transform(name: str, a: Any, n: Any, axis: Any, norm: Any, out: Any) -> Any:
    """np.fft.rfft, under the name of who asks for it."""
    refuse_given(f"fft.{name}", out=out)
    a = operand(a)
    n, norm = points(a.shape[axis] if n is None else n), scale(norm)
    axis = normalize_axis_index(axis, a.ndim)
    if a.dtype.kind == "c":
        np.fft.rfft(np.zeros(n, a.dtype))  # raises, in NumPy's words
    return RealFourier(axis, norm)(of_length(a, n, axis))


def inverse_of_real(name: str, a: Any, n: Any, axis: Any, norm: Any, out: Any) -> Any:
    """np.fft.irfft, under the name of who asks for it."""
    refuse_given(f"fft.{name}", out=out)
    a = operand(a)
    n, norm = points((a.shape[axis] - 1) * 2 if n is None else n), scale(norm)
    axis = normalize_axis_index(axis, a.ndim)
    return InverseRealFourier(axis, n, norm)(of_length(a, n // 2 + 1, axis))


# ---- one axis --------------------------------------------------------------------------------------------------------
@implements(np.fft.fft)
def fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """zₖ = Σⱼ e^(-2πi jk/n) aⱼ."""
    return complex_transform("fft", a, n, axis, norm, out)


@implements(np.fft.ifft)
def ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """zⱼ = (1/n) Σₖ e^(2πi jk/n) aₖ."""
    return complex_transform("ifft", a, n, axis, norm, out)


@implements(np.fft.rfft)
def rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """The transform of real numbers, for k ≤ n/2."""
    return real_transform("rfft", a, n, axis, norm, out)


@implements(np.fft.irfft)
def irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """The n real numbers that have a given spectrum for k ≤ n/2; its imaginary parts at 0 and n/2 are not read."""
    return inverse_of_real("irfft", a, n, axis, norm, out)


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """The real spectrum of a signal of which a half is given, the other half being its conjugate."""
    return inverse_of_real("hfft", np.conjugate(operand(a)), n, axis, SWAPPED[scale(norm)], out)


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """Half of the signal that has a given real spectrum."""
    return np.conjugate(real_transform("ihfft", a, n, axis, SWAPPED[scale(norm)], out))


# ---- several axes ----------------------------------------------------------------------------------------------------
def lengths_and_axes(a: Any, s: Any, axes: Any) -> list[tuple[Any, int]]:
    """For each axis to be transformed its length, or None for the usual one: what `s` and `axes` mean."""
    if s is None:
        chosen = range(-a.ndim, 0) if axes is None else axes
        return [(None, axis) for axis in chosen]
    lengths = list(s)
    if axes is None:
        warnings.warn(f"`axes` that is None while `s` is not {DEPRECATED}", DeprecationWarning, stacklevel=6)
        axes = range(-len(lengths), 0)
    if None in lengths:
        warnings.warn(f"`s` that contains None {DEPRECATED}", DeprecationWarning, stacklevel=6)
    axes = list(axes)
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(lengths, axes, strict=True)]


def complex_transforms(name: str, a: Any, s: Any, axes: Any, norm: Any, out: Any) -> Any:
    """np.fft.fftn or np.fft.ifftn, under the name of who asks for it."""
    refuse_given(f"fft.{name}", out=out)
    a = operand(a)
    for n, axis in reversed(lengths_and_axes(a, s, axes)):
        a = complex_transform("ifft" if name.startswith("i") else "fft", a, n, axis, norm, None)
    return a


def real_transforms(name: str, a: Any, s: Any, axes: Any, norm: Any, out: Any) -> Any:
    """np.fft.rfftn, under the name of who asks for it."""
    a = operand(a)
    *others, (n, last) = some(lengths_and_axes(a, s, axes))
    a = real_transform(name, a, n, last, norm, out)
    for n, axis in reversed(others):
        a = complex_transform("fft", a, n, axis, norm, None)
    return a


def inverses_of_real(name: str, a: Any, s: Any, axes: Any, norm: Any, out: Any) -> Any:
    """np.fft.irfftn, under the name of who asks for it."""
    refuse_given(f"fft.{name}", out=out)
    a = operand(a)
    *others, (n, last) = some(lengths_and_axes(a, s, axes))
    for m, axis in others:
        a = complex_transform("ifft", a, m, axis, norm, None)
    return inverse_of_real(name, a, n, last, norm, None)


def some(pairs: list[Any]) -> list[Any]:
    """At least one axis, or NumPy's error."""
    if not pairs:
        raise IndexError("list index out of range")
    return pairs


@implements(np.fft.fftn)
def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`fft` along all axes, or those named."""
    return complex_transforms("fftn", a, s, axes, norm, out)


@implements(np.fft.ifftn)
def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`ifft` along all axes, or those named."""
    return complex_transforms("ifftn", a, s, axes, norm, out)


@implements(np.fft.rfftn)
def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`rfft` along the last axis, `fft` along the others."""
    return real_transforms("rfftn", a, s, axes, norm, out)


@implements(np.fft.irfftn)
def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`ifft` along all axes but the last, `irfft` along that."""
    return inverses_of_real("irfftn", a, s, axes, norm, out)


@implements(np.fft.fft2)
def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    """`fft` along two axes."""
    return complex_transforms("fft2", a, s, axes, norm, out)


@implements(np.fft.ifft2)
def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    """`ifft` along two axes."""
    return complex_transforms("ifft2", a, s, axes, norm, out)


@implements(np.fft.rfft2)
def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    """`rfftn` along two axes."""
    return real_transforms("rfft2", a, s, axes, norm, out)


@implements(np.fft.irfft2)
def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    """`irfftn` along two axes."""
    return inverses_of_real("irfft2", a, s, axes, norm, out)


# ---- the zero frequency in the middle --------------------------------------------------------------------------------
def shifted(x: Any, axes: Any, sign: int) -> Any:
    """`x` rolled by half its length along all axes, or those named."""
    chosen = range(x.ndim) if axes is None else axes if np.iterable(axes) else (index(axes),)
    return np.roll(x, [sign * (x.shape[axis] // 2) for axis in chosen], tuple(chosen))


@implements(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency from the front to the middle."""
    return shifted(x, axes, 1)


@implements(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency from the middle to the front."""
    return shifted(x, axes, -1)
