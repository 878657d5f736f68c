"""Records of funcgrad.scipy.linalg."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcgrad.scipy import linalg
from tests.catalogue.factoring import adjoint, parted
from tests.catalogue.linalg import hermitian, regular, size
from tests.catalogue.record import Record
from tests.strategies import Draw, array, shape


def of_matrix(name: str, f: Any, least: int = 0, **facts: Any) -> Record:
    """A function of a stack of regular matrices."""

    def case(draw: Draw, dtype: str) -> Any:
        return f, (regular(draw, dtype, max(size(draw), least), shape(draw, 0, 1, empty=False)),)

    return Record(f"scipy.linalg.{name}", case, complex=True, **facts)


def of_matrices(name: str, f: Any, shapes: Any, **facts: Any) -> Record:
    """A function of a stack of matrices of some shapes, the rows of which are swapped for pivots to find."""

    def case(draw: Draw, dtype: str) -> Any:
        m, n = draw(st.sampled_from(shapes))
        return f, (parted(draw, dtype, m, n, shape(draw, 0, 1, empty=False))[..., ::-1, :],)

    return Record(f"scipy.linalg.{name}", case, complex=True, **facts)


def system(name: str, f: Any, **facts: Any) -> Record:
    """The solution of a regular system, or of a stack of them."""

    def case(draw: Draw, dtype: str) -> Any:
        n = size(draw)
        stacks = [((), (n,)), ((), (n, 2)), *([((2,), (n,)), ((), (3, n, 1)), ((2,), (2, n, 2))] if n > 1 else [])]
        stack, right = draw(st.sampled_from(stacks))  # SciPy's own solve takes no stack for a matrix of one number
        return f, (regular(draw, dtype, n, stack), array(draw, right, dtype))

    return Record(f"scipy.linalg.{name}", case, complex=True, **facts)


def of_vectors(name: str, f: Any, *lengths: int) -> Record:
    """A function of vectors."""

    def case(draw: Draw, dtype: str) -> Any:
        return f, tuple([array(draw, (n,), dtype) for n in lengths])

    return Record(f"scipy.linalg.{name}", case, complex=True)


def triangles_case(draw: Draw, dtype: str) -> Any:
    n, trans, lower, unit = size(draw), draw(st.sampled_from([0, 1, "T"])), draw(st.booleans()), draw(st.booleans())
    stack, right = draw(st.sampled_from([((), (n,)), ((), (n, 2)), ((), (2, n, 2)), ((2,), (n, 1))]))
    f = lambda a, b: linalg.solve_triangular(a, b, trans, lower, unit)
    return f, (regular(draw, dtype, n, stack), array(draw, right, dtype, "unit"))


def banded_case(draw: Draw, dtype: str) -> Any:
    below, above = draw(st.sampled_from([(1, 1), (0, 2), (2, 0), (2, 1)]))
    n, stack = draw(st.sampled_from([(3, ()), (4, ()), (1, ()), (3, (2,))]))
    bands = array(draw, (*stack, below + above + 1, n), dtype, "unit")
    main = np.zeros((below + above + 1, 1))
    main[above] = 6
    right = draw(st.sampled_from([(n, 2), (n,)]))
    f = lambda ab, b: linalg.solve_banded((below, above), ab, b)
    return f, ((bands + main).astype(dtype), array(draw, right, dtype))


def hermitian_banded_case(draw: Draw, dtype: str) -> Any:
    lower, n = draw(st.booleans()), draw(st.sampled_from([3, 4, 1]))
    bands = array(draw, (3, n), dtype, "unit")
    main = np.zeros((3, 1))
    main[0 if lower else 2] = 6
    return lambda ab, b: linalg.solveh_banded(ab, b, lower=lower), (
        (bands + main).astype(dtype),
        array(draw, (n,), dtype),
    )


def sylvester_case(draw: Draw, dtype: str) -> Any:
    m, n, stack = draw(st.sampled_from([(2, 3, ()), (1, 2, ()), (0, 2, ()), (2, 2, (2,))]))
    return linalg.solve_sylvester, (regular(draw, dtype, m, stack), regular(draw, dtype, n), array(draw, (m, n), dtype))


def pair_case(f: Any, scale: float) -> Any:
    """The arguments of a function of a matrix, times a scale, and another of its shape."""

    def case(draw: Draw, dtype: str) -> Any:
        n, stack = size(draw), shape(draw, 0, 1, empty=False)
        a = (regular(draw, dtype, n, stack) * scale).astype(dtype)
        return f, (a, array(draw, (n, n), dtype))

    return case


def generalised_case(draw: Draw, dtype: str) -> Any:
    n, kind = draw(st.sampled_from([1, 2])), draw(st.sampled_from([1, 2, 3]))

    def f(a: Any, b: Any) -> Any:
        w, v = linalg.eigh(hermitian(a), hermitian(b) / 4, type=kind)
        return w, np.real(v * np.conjugate(v))

    return f, (parted(draw, dtype, n, n, ()), regular(draw, dtype, n))


#: Of the last three SciPy's own `lu` has a complex permutation.
SHAPES = [(2, 2), (3, 3), (3, 2), (2, 3), (1, 1), (0, 2), (0, 0)]
#: The names that are NumPy's own under another roof (inv, det, qr, svd, …) have NumPy's records, and unit tests.
RECORDS = [
    system("solve", linalg.solve),
    system("solve tridiagonal", lambda a, b: linalg.solve(a, b, assume_a="tridiagonal")),
    system("solve upper triangular", lambda a, b: linalg.solve(a, b, assume_a="upper triangular")),
    Record("scipy.linalg.solve_triangular", triangles_case, complex=True),
    system(
        "cho_solve",
        lambda a, b: linalg.cho_solve(linalg.cho_factor(hermitian(a), lower=True), b),
        holomorphic=False,
    ),
    of_matrices("lu", linalg.lu, SHAPES[:4]),
    of_matrices("lu_factor", linalg.lu_factor, SHAPES),
    system("lu_solve", lambda a, b: linalg.lu_solve(linalg.lu_factor(a), b)),
    of_matrices("polar", linalg.polar, [(2, 2), (3, 2), (1, 1), (2, 3)], holomorphic=False),
    Record("scipy.linalg.eigh generalised", generalised_case, complex=True, holomorphic=False),
    of_matrix("expm", lambda a: linalg.expm(a / 4), representative=True),
    Record("scipy.linalg.expm_frechet", pair_case(linalg.expm_frechet, 0.25), complex=True),
    of_matrix(
        "sqrtm",
        lambda a: linalg.sqrtm(np.matmul(a, adjoint(a)) + np.eye(a.shape[-1], dtype=a.dtype)),
        holomorphic=False,
    ),
    Record("scipy.linalg.solve_sylvester", sylvester_case, complex=True),
    Record(
        "scipy.linalg.solve_continuous_lyapunov",
        pair_case(linalg.solve_continuous_lyapunov, 1.0),
        complex=True,
        holomorphic=False,
    ),
    *[
        Record(
            f"scipy.linalg.solve_discrete_lyapunov {method}",
            pair_case(lambda a, q, method=method: linalg.solve_discrete_lyapunov(a, q, method), 0.1),
            complex=True,
            holomorphic=False,
        )
        for method in ("direct", "bilinear")
    ],
    Record("scipy.linalg.solve_banded", banded_case, complex=True),
    Record("scipy.linalg.solveh_banded", hermitian_banded_case, complex=True, holomorphic=False),
    of_vectors("solve_toeplitz", lambda c, b: linalg.solve_toeplitz((c + 9 * np.eye(3)[0], c / 2), b), 3, 3),
    of_vectors("solve_circulant", lambda c, b: linalg.solve_circulant(c + 9 * np.eye(4)[0], b), 4, 4),
    of_vectors("block_diag", lambda a, b: linalg.block_diag(a, np.eye(2), b[:, None]), 2, 3),
    of_vectors("toeplitz", linalg.toeplitz, 3, 2),
    of_vectors("circulant", linalg.circulant, 3),
    of_vectors("hankel", linalg.hankel, 3, 4),
]
