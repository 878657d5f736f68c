"""Records of funcgrad.scipy.signal."""

from typing import Any

from hypothesis import strategies as st

from funcgrad.scipy import signal
from tests.catalogue.record import Record
from tests.strategies import Draw, array

#: Pairs of shapes of which either array may be the larger.
PAIRS = [((4,), (2,)), ((2,), (4,)), ((3, 4), (2, 2)), ((2, 2), (3, 2)), ((2, 3, 2), (2, 2, 1)), ((3,), (3,))]


def pair(
    name: str, pairs: Any = PAIRS, holomorphic: bool = True, representative: bool = False, **options: Any
) -> Record:
    """A function of two arrays, with every mode."""

    def case(draw: Draw, dtype: str) -> Any:
        mode, (one, other) = draw(st.sampled_from(["full", "same", "valid"])), draw(st.sampled_from(pairs))
        f = lambda x, y: getattr(signal, name)(x, y, mode=mode, **options)
        return f, (array(draw, one, dtype), array(draw, other, dtype))

    words = " ".join(map(str, options.values()))
    return Record(
        f"scipy.signal.{name} {words}".strip(),
        case,
        complex=True,
        holomorphic=holomorphic,
        representative=representative,
    )


PLANES = [((3, 4), (2, 2)), ((3, 3), (3, 2)), ((2, 2), (2, 2))]
RECORDS = [
    pair("convolve", method="direct", representative=True),
    pair("convolve", method="fft"),
    pair("correlate", holomorphic=False, method="direct"),
    pair("fftconvolve", [((3, 4), (3, 2)), ((2, 1), (2, 2)), ((3, 2), (1, 2))], axes=-1),
    pair("convolve2d", PLANES, boundary="wrap"),
    pair("correlate2d", PLANES, False, boundary="symm"),
]
