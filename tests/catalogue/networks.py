"""Records of primitives/activating.py, convolving.py and patching.py, by the names of funcgrad.nn."""

from typing import Any

from hypothesis import strategies as st

from funcgrad import nn
from tests.catalogue.pointwise import unary
from tests.catalogue.record import Record
from tests.strategies import Draw, array, distinct


def convolution(draw: Draw, dtype: str) -> Any:
    """A convolution over one axis or two, with any options."""
    axes, groups = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    batch = draw(st.sampled_from([(), (1,), (2,)]))
    x = array(draw, (*batch, *(3, 4)[:axes], groups), dtype)
    w = array(draw, (*(2, 1)[:axes], 1, groups), dtype)
    options = draw(st.sampled_from([(1, "SAME", 1), (2, "SAME", 1), (1, "VALID", 2), (2, ((0, 1),) * axes, 1)]))
    return lambda x, w: nn.convolution(x, w, *options, groups), (x, w)


def pooling(draw: Draw, dtype: str) -> Any:
    """The largest of windows that overlap, all elements being different."""
    x = distinct(draw, (5, 1), dtype)
    return lambda x: nn.max_pooling(x, 3, 2, "SAME"), (x,)


RECORDS = [
    unary(lambda x: nn.gelu(x, approximate=False), name="nn.gelu exact"),
    unary(nn.sigmoid, name="nn.sigmoid"),
    unary(nn.relu6, "nonzero", name="nn.relu6", smooth=False),
    Record("nn.convolution", convolution, complex=True),
    Record("nn.max_pooling", pooling, smooth=False),
]
