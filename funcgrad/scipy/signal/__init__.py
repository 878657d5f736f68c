"""scipy.signal's convolutions and correlations; all other names are SciPy's own, and refuse a traced value.

>>> import numpy as np
>>> from funcgrad import jacobian
>>> from funcgrad.scipy.signal import fftconvolve
>>> jacobian(lambda x: fftconvolve(x, np.array([1.0, 2.0]), mode="valid"))(np.ones(3)).round(12) + 0.0
array([[2., 1., 0.],
       [0., 2., 1.]])
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.signal as _signal
from numpy.lib.array_utils import normalize_axis_tuple
from scipy.fft import next_fast_len

from funcgrad.graph.types import type_of
from funcgrad.numpy.contracting import operands
from funcgrad.primitives.correlating import Correlation
from funcgrad.scipy.mirroring import mirrors
from funcgrad.scipy.signal.convolving import Convolution

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "fftconvolve", "oaconvolve"]


def admitted(in1: Any, in2: Any, mode: str) -> list[Any]:
    """Both arrays, of as many axes, and a mode that there is; else SciPy's error."""
    a, b = operands(in1, in2)
    if a.ndim != b.ndim:
        raise ValueError("in1 and in2 should have the same dimensionality")
    if mode not in ("full", "same", "valid"):
        raise ValueError("acceptable mode flags are 'valid', 'same', or 'full'")
    return [a, b]


def in_order(a: Any, b: Any, mode: str, axes: Sequence[int]) -> tuple[Any, Any]:
    """The larger one first, where that one must not be overrun."""
    if mode == "valid" and not all([a.shape[i] >= b.shape[i] for i in axes]):
        if not all([a.shape[i] <= b.shape[i] for i in axes]):
            raise ValueError("For 'valid' mode, one must be at least as large as the other in every dimension")
        return b, a
    return a, b


def cropped(full: Any, a: Any, b: Any, mode: str, axes: Sequence[int], up: int = 0) -> Any:
    """The middle part of a full convolution that a mode asks for; `up` is 1 where half a number is rounded up."""
    if mode == "full":
        return full
    parts = [slice(None)] * full.ndim
    for i in axes:
        n = a.shape[i] if mode == "same" else a.shape[i] - b.shape[i] + 1
        start = (full.shape[i] - n + up) // 2
        parts[i] = slice(start, start + n)
    return full[tuple(parts)]


def by_definition(a: Any, b: Any, mode: str) -> Any:
    """The convolution over all axes, sum by sum."""
    axes, full = range(a.ndim), mode != "valid"
    if a.ndim == 1:
        return cropped(Correlation(full)(a, b[::-1]), a, b, mode if full else "full", axes)
    return cropped(Convolution(a.ndim, full)(a, b), a, b, mode if full else "full", axes)


def by_fourier(a: Any, b: Any, mode: str, axes: Sequence[int]) -> Any:
    """The convolution over some axes as a product of spectra: of the others, those of length 1 are stretched."""
    real = "c" not in (a.dtype.kind, b.dtype.kind)
    lengths = [a.shape[i] + b.shape[i] - 1 for i in axes]
    fast = [next_fast_len(n, real) for n in lengths]
    forth, back = (np.fft.rfftn, np.fft.irfftn) if real else (np.fft.fftn, np.fft.ifftn)
    spectrum = forth(a, fast, axes) * forth(b, fast, axes)
    parts = [slice(None)] * a.ndim
    for i, n in zip(axes, lengths, strict=True):
        parts[i] = slice(n)
    return cropped(back(spectrum, fast, axes)[tuple(parts)], a, b, mode, axes)


def proxy(a: Any) -> Any:
    """Zeros of the shape and dtype of an array, in no memory."""
    return np.broadcast_to(np.zeros((), a.dtype), a.shape)


@mirrors(_signal.convolve)
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """zₖ = Σⱼ xₖ₋ⱼ yⱼ over all axes; by definition or by Fourier transforms, whichever SciPy takes to be quicker."""
    a, b = admitted(in1, in2, mode)
    if method not in ("auto", "direct", "fft"):
        raise ValueError("Acceptable method flags are 'auto', 'direct', or 'fft'.")
    if not a.ndim:
        return a * b
    a, b = in_order(a, b, mode, range(a.ndim))
    if method == "auto":
        method = _signal.choose_conv_method(proxy(a), proxy(b), mode)
    exact = np.result_type(a.dtype, b.dtype).kind not in "fc"
    return by_definition(a, b, mode) if method == "direct" or exact else by_fourier(a, b, mode, range(a.ndim))


@mirrors(_signal.correlate)
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """zₖ = Σⱼ xₖ₊ⱼ yⱼ* over all axes.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda y: correlate(np.array([1.0, 2.0, 4.0]), y, mode="valid")[0])(np.ones(2))
    array([1., 2.])
    """
    a, b = admitted(in1, in2, mode)
    return convolve(a, np.conjugate(b)[(slice(None, None, -1),) * b.ndim], mode, method)


@mirrors(_signal.fftconvolve)
def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """`convolve` by Fourier transforms, over some axes; along the others the arrays broadcast."""
    a, b = admitted(in1, in2, mode)
    if not a.ndim:
        return a * b
    if not type_of(a).size or not type_of(b).size:
        return np.zeros(0, np.result_type(a.dtype, b.dtype))
    chosen = sorted(range(a.ndim) if axes is None else normalize_axis_tuple(axes, a.ndim))
    if not chosen:
        raise ValueError("when provided, axes cannot be empty")
    for i in range(a.ndim):
        if i not in chosen and a.shape[i] != b.shape[i] and 1 not in (a.shape[i], b.shape[i]):
            raise ValueError(f"incompatible shapes for in1 and in2: {a.shape} and {b.shape}")
    a, b = in_order(a, b, mode, chosen)
    return by_fourier(a, b, mode, chosen)


@mirrors(_signal.oaconvolve)
def oaconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """`fftconvolve`: SciPy's way by blocks has the same answer."""
    return fftconvolve(in1, in2, mode, axes)


# ---- two axes --------------------------------------------------------------------------------------------------------
#: NumPy's names of what lies beyond a border.
BEYOND: dict[str, Any] = {
    "fill": "constant", "pad": "constant", "wrap": "wrap", "circular": "wrap", "symm": "symmetric",
    "symmetric": "symmetric",
}  # fmt: skip


def over_planes(a: Any, b: Any, mode: str, boundary: str, fillvalue: Any, up: int = 0) -> Any:
    """The convolution of two matrices, the first going on beyond its borders."""
    if a.ndim != 2:
        raise ValueError("inputs must both be 2-D arrays")
    if boundary not in BEYOND:
        raise ValueError("Acceptable boundary flags are 'fill', 'circular' (or 'wrap'), and 'symmetric' (or 'symm').")
    if mode == "valid":
        return by_definition(a, b, mode)
    if BEYOND[boundary] == "constant" and type(fillvalue) in (int, float) and fillvalue == 0:
        return cropped(by_definition(a, b, "full"), a, b, mode, (0, 1), up)
    around = tuple([(m - 1, m - 1) for m in b.shape])
    filled = {"constant_values": fillvalue} if BEYOND[boundary] == "constant" else {}
    padded = np.pad(a, around, BEYOND[boundary], **filled)
    return cropped(by_definition(padded, b, "valid"), a, b, mode, (0, 1), up)


@mirrors(_signal.convolve2d)
def convolve2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """The convolution of two matrices by definition; beyond its borders the first is 0, or goes on as it is told."""
    a, b = admitted(in1, in2, mode)
    return over_planes(*in_order(a, b, mode, range(a.ndim)), mode, boundary, fillvalue)


@mirrors(_signal.correlate2d)
def correlate2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """The correlation of two matrices, as `convolve2d`."""
    first, second = admitted(in1, in2, mode)
    a, b = in_order(first, second, mode, range(first.ndim))
    z = over_planes(a, np.conjugate(b)[::-1, ::-1], mode, boundary, fillvalue, up=1)
    return z if a.shape == first.shape else z[::-1, ::-1]


def __getattr__(name: str) -> Any:
    """SciPy's own."""
    return getattr(_signal, name)


def __dir__() -> list[str]:
    return sorted({*dir(_signal), *__all__})
