"""funcgrad: functional, immutable automatic differentiation for plain NumPy."""

from funcgrad import numpy, tree
from funcgrad.graph.node import Node
from funcgrad.transforms.batching import vmap
from funcgrad.transforms.derivatives import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linear_transpose,
    linearize,
    value_and_grad,
    vjp,
)
from funcgrad.transforms.staging import eval_shape, stop_gradient

__version__ = "0.1.0"
__all__ = [
    "Node",
    "eval_shape",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linear_transpose",
    "linearize",
    "numpy",
    "stop_gradient",
    "tree",
    "value_and_grad",
    "vjp",
    "vmap",
]
