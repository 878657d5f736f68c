"""Linear: systems of equations that a function states, and the solvers that have a name."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.dispatch import registered
from funcgrad.graph.node import Node
from funcgrad.graph.types import Type, type_of
from funcgrad.transforms.bodies import Body, traced
from funcgrad.transforms.boundary import copied
from funcgrad.transforms.carrying import numbers_of
from funcgrad.transforms.systems import Solve, System, alike, fitted_to, inexact_kind

#: The solvers of optional libraries, by name: each makes a solver of its options. The libraries' modules fill it.
METHODS: dict[str, Callable[..., Solve]] = {}


def linear_solve(
    matvec: Callable[..., Any],
    b: Any,
    solve: Solve | None = None,
    transpose_solve: Solve | None = None,
    symmetric: bool = False,
    *,
    method: str | None = None,
    rtol: float | None = None,
    atol: float = 0.0,
    maxiter: int | None = None,
) -> Any:
    """The x with matvec(x) = b, for a linear function matvec: A x = b.

    linear_solve : (X → X) × X → X, for trees X of arrays. matvec may close over traced values w, and x is
    differentiable with respect to b and to them, by the transposed system and not through the solver:
    b̄ = A⁻ᵀ x̄ and w̄ = -b̄·∂(A x)/∂w.  Names and order are those of JAX's `lax.custom_linear_solve`.

    * `method=None` makes the matrix, of A of every unit vector at once, and calls `np.linalg.solve`.
    * `method="cg"`, "minres", "gmres", "lgmres", "gcrotmk", "bicgstab", "cgs" or "tfqmr" is SciPy's of that name
      (the extra [scipy]): it calls matvec alone, until |b - A x| ≤ max(rtol·|b|, atol), else it raises
      `NotConverged`. rtol is ε^⅔ by default, 4·10⁻¹¹ in float64: SciPy's own 10⁻⁵ is too loose for derivatives.
    * `solve(matvec, b)` is a solver of your own, on plain numbers; it is called as it is for forward mode.
      Reverse mode calls `transpose_solve(vecmat, b)`, or `solve` where `symmetric=True` says that A = Aᵀ.

    A matvec that is not linear, or whose answer is no tree like b, is a `BadAnswer`; a singular matrix is a
    `SingularSystem`.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> A = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> linear_solve(lambda x: A @ x, np.array([3.0, 4.0]))
    array([1., 1.])
    >>> grad(lambda a: linear_solve(lambda x: a * x, 6.0))(2.0)  # of 6/a
    -1.5
    """
    leaves, structure = numbers_of("linear_solve", "b", b)
    body, captured = matrix_of("linear_solve", matvec, structure, [type_of(leaf).bare() for leaf in leaves])
    if method is not None:
        solve = transpose_solve = solver_of("linear_solve", solve, method, rtol, atol, maxiter)
    system = System("linear_solve", matvec, structure, body, solve, transpose_solve, symmetric)
    system.check_linear(captured)
    answers = system.answer([fitted_to(leaf, kind) for leaf, kind in zip(leaves, system.kinds, strict=True)], captured)
    return structure.unflatten([y if type(y) is Node else copied(y) for y in answers])


def matrix_of(transform: str, matvec: Any, structure: Any, kinds: Sequence[Type]) -> tuple[Body, list[Node]]:
    """The graph of a function of a tree to trees like it, and the traced values that it closes over."""
    if not kinds:
        raise BadArgument(f"{transform} was given a b without numbers. There is nothing to solve. Give arrays.")
    kinds = [inexact_kind(kind) for kind in kinds]
    for _ in range(3):  # a matrix may have a wider dtype than b: then x has
        graph, captured, got = traced(transform, matvec, [(structure, kinds)])
        alike(transform, matvec, structure, got, kinds, graph.output_types, "b")
        wider = [
            Type(k.shape, np.result_type(k.dtype, y.dtype)) for k, y in zip(kinds, graph.output_types, strict=True)
        ]
        if wider == kinds:
            break
        kinds = wider
    return Body(graph), captured


def solver_of(
    transform: str, solve: Any, method: str, rtol: float | None, atol: float, maxiter: int | None
) -> Solve | None:
    """The solver of a name."""
    if solve is not None:
        raise BadArgument(
            f"{transform} was given both a solver of your own and method={method!r}. One of them solves the system. "
            "Leave one out."
        )
    if method == "dense":
        return None
    registered("scipy.sparse.linalg")  # SciPy's family fills METHODS as it loads
    if method not in METHODS:
        raise BadArgument(
            f"{transform} was given method={method!r}. It knows 'dense' and, of SciPy's, "
            f"{', '.join(map(repr, sorted(METHODS)))}. Choose one of them, or give a solver of your own."
        )
    return METHODS[method](rtol, atol, maxiter)
