"""What the laws need to know about a function."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from tests.strategies import Draw


@frozen
class Record:
    """One function of the catalogue."""

    #: A unique name, such as "sum" or "sum axis keepdims".
    name: str
    #: Draws one case: `case(draw, dtype)` returns (f, args), where f is plain NumPy code, args a tuple of arrays of
    #: that dtype in the interior of the domain, and f returns an array (or a tuple of arrays).
    case: Callable[[Draw, str], tuple[Callable[..., Any], tuple[Any, ...]]]
    #: Whether derivatives of every order exist at the drawn points (else only the first two are compared).
    smooth: bool = True
    #: Whether complex arguments make sense.
    complex: bool = False
    #: Whether a complex function is holomorphic.
    holomorphic: bool = True
    #: Whether the answer is locally constant, so that its derivative is zero.
    constant: bool = False
    #: Whether it stands for its family in the tests of compositions.
    representative: bool = False
    #: Whether only the profiles "wide" and "deep" have it.
    deep: bool = False
