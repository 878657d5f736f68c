"""Pictures and texts of functions: what they compute, and how their gradients come about."""

from funcgrad.show.drawing import Drawing, draw
from funcgrad.show.filming.film import Film, film
from funcgrad.show.formula import Formula, latex
from funcgrad.show.steps import Steps, steps
from funcgrad.transforms.program import source

__all__ = ["Drawing", "Film", "Formula", "Steps", "draw", "film", "latex", "source", "steps"]
