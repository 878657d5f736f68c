"""Records of primitives/spectral.py: numpy.fft, of real and complex arrays."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, array, axis, shape

fft = np.fft
NORMS = st.sampled_from([None, "backward", "ortho", "forward"])


def of_axis(function: Any, *, least: int = 1, cut: bool = True, name: str = "", **facts: Any) -> Record:
    """A transform along one axis of at least `least` points, at times cut or lengthened."""

    def case(draw: Draw, dtype: str) -> Any:
        x = array(draw, tuple(n + least for n in shape(draw, 1)), dtype)
        along, norm = axis(draw, x.ndim), draw(NORMS)
        n = draw(st.sampled_from([None, 1, 2, 3, 4, 5, 8])) if cut else None
        return lambda x: function(x, n, along, norm), (x,)

    return Record(name or function.__name__, case, **facts)


def of_axes(function: Any, *, named: bool = True, **facts: Any) -> Record:
    """A transform along several axes, some at times cut or lengthened."""

    def case(draw: Draw, dtype: str) -> Any:
        x = array(draw, tuple(n + 2 for n in shape(draw, 2, empty=False)), dtype)
        norm = draw(NORMS)
        if not named or draw(st.booleans()):
            s = draw(st.sampled_from([None, (3, -1), (-1, 4)])) if named else None
            axes = draw(st.sampled_from([(0, 1), (-1, 0)]))
            return lambda x: function(x, s, axes, norm), (x,)
        return lambda x: function(x, norm=norm), (x,)

    return Record(function.__name__, case, **facts)


def shifting(function: Any) -> Record:
    """The zero frequency to the middle and back."""

    def case(draw: Draw, dtype: str) -> Any:
        x = array(draw, shape(draw, 1), dtype)
        axes = draw(st.sampled_from([None, axis(draw, x.ndim), (0,), (0, -1)]))
        return lambda x: function(x, axes), (x,)

    return Record(function.__name__, case, complex=True)


RECORDS = [
    of_axis(fft.fft, complex=True),
    of_axis(fft.ifft, complex=True),
    of_axis(fft.rfft),
    of_axis(fft.irfft, least=2, complex=True, holomorphic=False, representative=True),
    of_axis(fft.hfft, least=2, complex=True, holomorphic=False),
    of_axis(fft.ihfft),
    of_axes(fft.fft2, complex=True),
    of_axes(fft.ifft2, complex=True),
    of_axes(fft.rfft2),
    of_axes(fft.irfft2, complex=True, holomorphic=False),
    of_axes(fft.fftn, complex=True),
    of_axes(fft.ifftn, complex=True),
    of_axes(fft.rfftn),
    of_axes(fft.irfftn, complex=True, holomorphic=False),
    of_axis(
        lambda x, n, axis, norm: fft.irfft(fft.rfft(x, axis=axis) * 2, x.shape[axis], axis),
        name="rfft to irfft",
        representative=True,
    ),
    of_axis(
        lambda x, n, axis, norm: np.abs(fft.fft(x, n, axis, norm)) ** 2,
        name="power spectrum",
        complex=True,
        holomorphic=False,
        representative=True,
    ),
    shifting(fft.fftshift),
    shifting(fft.ifftshift),
    Record(
        "fftfreq",
        lambda draw, dtype: (lambda d: fft.fftfreq(4, d) + fft.rfftfreq(6, d), (array(draw, (), dtype, "positive"),)),
    ),
]
