"""Paper: the figures on which the programs draw (the extra [plot])."""

from types import ModuleType
from typing import Any

from funcgrad.errors import MissingExtra

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtra("A picture needs matplotlib. Install it: pip install 'funcgrad[plot]'.") from error


def drawn(module: ModuleType, result: Any, width: float = 7.0, height: float = 2.8) -> Figure:
    """The picture of a program, of what its report returned; inches wide and high."""
    with rc_context({"font.size": 8}):
        figure = Figure((width, height), dpi=110, layout="constrained")
        module.picture(figure, result)
    return figure
