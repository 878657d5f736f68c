"""Results: SciPy's, as frozen records that are trees, so that transforms can return them."""

from typing import Any

import numpy as np
from attrs import field, frozen

from funcgrad.graph.node import Node
from funcgrad.graph.op import unknown
from funcgrad.graph.types import Type

#: The types of what SciPy counts and tells: whether it succeeded, a status, and numbers of steps and calls.
TRUTH, COUNT = Type((), np.dtype(bool)), Type((), np.dtype(np.int64))


@frozen
class Minimum:
    """What `minimize` found."""

    #: The parameters, a tree like x0.
    x: Any
    #: The function there.
    fun: Any
    #: Its gradient there, a tree like x0; None for methods that ask for none, where nothing is traced.
    jac: Any
    #: Whether SciPy says that it is a minimum.
    success: Any
    #: SciPy's status of the method.
    status: Any
    #: How many steps were taken.
    nit: Any
    #: How often the function was called.
    nfev: Any
    #: How often its gradient was.
    njev: Any
    #: How often its Hessian, or a product with it, was.
    nhev: Any
    #: SciPy's words; empty where no number is known yet.
    message: Any = field(metadata={"static": True})


@frozen
class Fit:
    """What `least_squares` found."""

    #: The parameters, a tree like x0.
    x: Any
    #: The cost there, ½ Σ ρ(r²).
    cost: Any
    #: The residuals r there, as the function returns them.
    fun: Any
    #: The gradient of the cost there, a tree like x0.
    grad: Any
    #: Whether SciPy says that it is a minimum.
    success: Any
    #: SciPy's status of the method.
    status: Any
    #: How often the function was called.
    nfev: Any
    #: How often its Jacobian was.
    njev: Any
    #: SciPy's words; empty where no number is known yet.
    message: Any = field(metadata={"static": True})


@frozen
class Root:
    """What `root` found."""

    #: The unknowns, a tree like x0.
    x: Any
    #: The function there, as it returns it.
    fun: Any
    #: Whether SciPy says that it is a root.
    success: Any
    #: SciPy's status of the method.
    status: Any
    #: How often the function was called.
    nfev: Any
    #: SciPy's words; empty where no number is known yet.
    message: Any = field(metadata={"static": True})


@frozen
class ScalarRoot:
    """What `root_scalar` found."""

    #: The root.
    root: Any
    #: Whether SciPy says that it is one.
    converged: Any
    #: How many steps were taken.
    iterations: Any
    #: How often the function was called.
    function_calls: Any
    #: SciPy's words; empty where no number is known yet.
    flag: Any = field(metadata={"static": True})


def words(said: list[str], x: Any) -> str:
    """What SciPy said of x; nothing where x is not known yet, as then it spoke of another."""
    return said[0] if said and not (type(x) is Node and unknown(x.value)) else ""


def count(result: Any, name: str) -> Any:
    """A count of SciPy's, -1 where the method keeps none."""
    found = result.get(name)
    return np.int64(-1 if found is None else found)
