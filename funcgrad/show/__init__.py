"""Pictures and texts of functions: what they compute, and how their gradients come about."""

from funcgrad.show.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
