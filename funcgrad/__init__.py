"""funcgrad: functional, immutable automatic differentiation for plain NumPy."""

from importlib import import_module
from typing import Any

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
    "Program",
    "checkpoint",
    "checkpoint_name",
    "checkpoint_policies",
    "custom_jvp",
    "custom_root",
    "custom_vjp",
    "data",
    "derivative",
    "eval_shape",
    "explain_retrace",
    "fixed_point",
    "gauss_newton_vp",
    "grad",
    "hessian",
    "hvp",
    "integrate",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "lax",
    "linear_solve",
    "linear_transpose",
    "linearize",
    "nn",
    "numpy",
    "optim",
    "optimize",
    "plot",
    "primitive",
    "random",
    "show",
    "source",
    "sparsity",
    "stage",
    "stop_gradient",
    "supports",
    "taylor",
    "tree",
    "value_and_grad",
    "vjp",
    "vmap",
]

#: What loads on first use, by the module that has it.
LATER = {
    "checkpoint": "funcgrad.transforms.recomputing",
    "checkpoint_name": "funcgrad.transforms.recomputing",
    "checkpoint_policies": "funcgrad.transforms.recomputing",
    "custom_jvp": "funcgrad.transforms.ruling",
    "custom_root": "funcgrad.transforms.implicit",
    "custom_vjp": "funcgrad.transforms.ruling",
    "derivative": "funcgrad.transforms.series.expanding",
    "data": "funcgrad.data",
    "explain_retrace": "funcgrad.transforms.jitting",
    "fixed_point": "funcgrad.transforms.implicit",
    "integrate": "funcgrad.integrate",
    "gauss_newton_vp": "funcgrad.transforms.curvature",
    "jit": "funcgrad.transforms.jitting",
    "lax": "funcgrad.lax",
    "linear_solve": "funcgrad.transforms.linear",
    "nn": "funcgrad.nn",
    "optimize": "funcgrad.optimize",
    "optim": "funcgrad.optim",
    "plot": "funcgrad.plot",
    "primitive": "funcgrad.transforms.primitive",
    "random": "funcgrad.random",
    "Program": "funcgrad.transforms.program",
    "show": "funcgrad.show",
    "source": "funcgrad.transforms.program",
    "sparsity": "funcgrad.transforms.sparse.compressing",
    "stage": "funcgrad.transforms.program",
    "supports": "funcgrad.support",
    "taylor": "funcgrad.transforms.series.expanding",
}


def __getattr__(name: str) -> Any:
    """What the first programs do without, loaded when it is asked for."""
    if name not in LATER:
        raise AttributeError(f"module 'funcgrad' has no attribute {name!r}")
    module = import_module(LATER[name])
    return module if LATER[name] == f"funcgrad.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *LATER})
