"""scipy.linalg's functions of matrices and equations between matrices."""

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.provenance import refuse
from funcgrad.numpy.factoring import numberless
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.eigen import EigValues
from funcgrad.primitives.shaping import Cast, Reshape
from funcgrad.primitives.solving import Inverse
from funcgrad.primitives.solving import solve as solved
from funcgrad.scipy.linalg.analytic import (
    Exponential,
    ExponentialSlope,
    Logarithm,
    SquareRoot,
    Sylvester,
)
from funcgrad.scipy.linalg.systems import squares
from funcgrad.scipy.mirroring import arrays, double, mirrors
from funcgrad.transforms.staging import stop_gradient


def adjoint(a: Any) -> Any:
    """aᴴ."""
    return np.conjugate(turned(a))


# ---- exponentials ----------------------------------------------------------------------------------------------------
@mirrors(scipy.linalg.expm)
def expm(A: Any) -> Any:
    """exp A = Σ Aᵏ/k!.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda t: expm(t * np.array([[0.0, 1.0], [0.0, 0.0]]))[0, 1])(2.0)      # exp (0 t; 0 0) = (1 t; 0 1)
    1.0
    """
    (A,) = arrays(False, A)
    return Exponential()(squares(A))


@mirrors(scipy.linalg.expm_frechet)
def expm_frechet(A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True) -> Any:
    """(exp A, L(A, E)), L being the derivative of exp A along E; without exp A if not `compute_expm`."""
    if method not in (None, "SPS", "blockEnlarge"):
        raise ValueError(f"Unknown implementation {method}")
    A, E = [double(squares(a)) for a in arrays(check_finite, A, E)]
    if A.shape[-2:] != E.shape[-2:]:
        raise ValueError("expected A and E to be the same shape")
    slope = ExponentialSlope()(A, E)
    return (Exponential()(A), slope) if compute_expm else slope


def halves(A: Any, factor: complex) -> tuple[Any, Any]:
    """exp(fA) and exp(-fA)."""
    (A,) = arrays(False, A)
    A = squares(A)
    A = A * A.dtype.type(factor) if factor == 1 else A * np.result_type(A.dtype, np.complex64).type(factor)
    return Exponential()(A), Exponential()(-A)


def even(A: Any, factor: complex) -> Any:
    """½(exp(fA) + exp(-fA)), real for a real A."""
    one, other = halves(A, factor)
    return like((one + other) / 2, A)


def odd(A: Any, factor: complex) -> Any:
    """(exp(fA) - exp(-fA))/2f, real for a real A."""
    one, other = halves(A, factor)
    half = (one - other) / 2
    return like(half if factor == 1 else half * half.dtype.type(1 / factor), A)


def like(Z: Any, A: Any) -> Any:
    """Z, real if A is."""
    return Z if np.dtype(A.dtype).kind == "c" else np.real(Z)


@mirrors(scipy.linalg.cosm)
def cosm(A: Any) -> Any:
    """cos A = ½(exp(iA) + exp(-iA))."""
    return even(A, 1j)


@mirrors(scipy.linalg.sinm)
def sinm(A: Any) -> Any:
    """sin A = (exp(iA) - exp(-iA))/2i."""
    return odd(A, 1j)


@mirrors(scipy.linalg.tanm)
def tanm(A: Any) -> Any:
    """tan A = (cos A)⁻¹ sin A."""
    return solved(cosm(A), sinm(A))


@mirrors(scipy.linalg.coshm)
def coshm(A: Any) -> Any:
    """cosh A = ½(exp A + exp(-A))."""
    return even(A, 1)


@mirrors(scipy.linalg.sinhm)
def sinhm(A: Any) -> Any:
    """sinh A = ½(exp A - exp(-A))."""
    return odd(A, 1)


@mirrors(scipy.linalg.tanhm)
def tanhm(A: Any) -> Any:
    """tanh A = (cosh A)⁻¹ sinh A."""
    return solved(coshm(A), sinhm(A))


# ---- roots and logarithms --------------------------------------------------------------------------------------------
def on_the_cut(A: Any) -> bool:
    """Whether a real A has eigenvalues below 0, so that its root and its logarithm are complex.

    Where no number is known, as under `vmap`, they are taken to be real, and NaN where they are not.
    """
    if A.dtype.kind == "c" or numberless(A):
        return False
    w = EigValues()(stop_gradient(A))
    return bool(np.any((np.imag(w) == 0) & (np.real(w) < 0)))


@mirrors(scipy.linalg.sqrtm)
def sqrtm(A: Any) -> Any:
    """The principal Z with Z Z = A.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda a: np.trace(sqrtm(a)))(np.diag([4.0, 1.0]))
    array([[0.25, 0.  ],
           [0.  , 0.5 ]])
    """
    (A,) = arrays(False, A)
    A = squares(A)
    return SquareRoot()(Cast(np.result_type(A.dtype, np.complex64))(A) if on_the_cut(A) else A)


@mirrors(scipy.linalg.logm)
def logm(A: Any) -> Any:
    """The principal Z with exp Z = A. It jumps, and has no derivative, where A has real eigenvalues below 0."""
    (A,) = arrays(False, A)
    if on_the_cut(squares(A)):
        refuse(
            UnsupportedFunction,
            "scipy.linalg.logm has no derivative where a real matrix has eigenvalues below 0.",
            "Move them away from there first: logm(A) = logm(A * c) - log(c) for some number c.",
        )
    return Logarithm()(A)


# ---- equations -------------------------------------------------------------------------------------------------------
@mirrors(scipy.linalg.solve_sylvester)
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """X with a X + X b = q.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda q: solve_sylvester(np.diag([1.0, 2.0]), np.eye(2), q)[1, 0])(np.ones((2, 2)))      # q₁₀/(2 + 1)
    array([[0.        , 0.        ],
           [0.33333333, 0.        ]])
    """
    a, b, q = arrays(False, a, b, q)
    return Sylvester()(squares(a), squares(b), q)


@mirrors(scipy.linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """X with a X + X aᴴ = q."""
    a, q = map(squares, arrays(True, a, q))
    return Sylvester()(a, adjoint(a), q)


solve_lyapunov = solve_continuous_lyapunov

#: From this size on SciPy's way to a discrete Lyapunov equation is by a continuous one.
MANY = 10


@mirrors(scipy.linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """X with a X aᴴ - X + q = 0: by one system of equations for all elements ("direct"), or "bilinear".

    Gajic and Qureshi, *Lyapunov matrix equation in system stability and control* (1995): with b = (aᴴ - 1)(aᴴ + 1)⁻¹,
    bᴴ X + X b = -2 (a + 1)⁻¹ q (aᴴ + 1)⁻¹.
    """
    a, q = [double(squares(one)) for one in arrays(False, a, q)]
    n = a.shape[-1]
    method = ("bilinear" if n >= MANY else "direct") if method is None else method.lower()
    if method == "direct":
        stack = np.broadcast_shapes(a.shape[:-2], q.shape[:-2])
        products = a[..., :, None, :, None] * np.conjugate(a)[..., None, :, None, :]
        system = np.eye(n * n, dtype=a.dtype) - Reshape((*a.shape[:-2], n * n, n * n))(products)
        return Reshape((*stack, n, n))(solved(system, Reshape((*q.shape[:-2], n * n, 1))(q)))
    if method != "bilinear":
        raise ValueError(f"Unknown solver {method}")
    eye = np.eye(n, dtype=a.dtype)
    inverse = Inverse()(adjoint(a) + eye)
    b = matmul(adjoint(a) - eye, inverse)
    right = matmul(matmul(Inverse()(a + eye), q), inverse) * -2
    return Sylvester()(adjoint(b), b, right)
