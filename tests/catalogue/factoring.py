"""Records of eigen.py, factoring.py and deficient.py of the primitives: functions that no choice of phases changes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.linalg import hermitian, size
from tests.catalogue.record import Record
from tests.strategies import Draw, array, shape


def adjoint(a: Any) -> Any:
    return np.conjugate(np.swapaxes(a, -1, -2))


def parted(draw: Draw, dtype: str, m: int, n: int, stack: tuple[int, ...]) -> Any:
    """Matrices whose eigenvalues and singular values are well apart."""
    return (array(draw, (*stack, m, n), dtype, "unit") * 0.5 + np.eye(m, n) * (2.0 + 3 * np.arange(n))).astype(dtype)


def of_square(name: str, f: Any, least: int = 0, **facts: Any) -> Record:
    """A function of a stack of square matrices."""

    def case(draw: Draw, dtype: str) -> Any:
        n = max(size(draw), least)
        return f, (parted(draw, dtype, n, n, shape(draw, 0, 1)),)

    return Record(name, case, complex=True, **{"holomorphic": False, **facts})


def of_any(name: str, f: Any, shapes: Any = None, **facts: Any) -> Record:
    """A function of a stack of matrices of any shape."""
    shapes = shapes or [(2, 2), (3, 2), (2, 3), (1, 3), (4, 2), (1, 1), (0, 2), (3, 0)]

    def case(draw: Draw, dtype: str) -> Any:
        m, n = draw(st.sampled_from(shapes))
        return f, (parted(draw, dtype, m, n, shape(draw, 0, 1)),)

    return Record(name, case, complex=True, holomorphic=False, **facts)


# ---- eigenvalues -----------------------------------------------------------------------------------------------------
def by_eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues, the sine of the matrix, and the squares of the vectors' elements."""
    w, V = np.linalg.eigh(hermitian(a), UPLO)
    return w, np.matmul(V * np.sin(w)[..., None, :], adjoint(V)), np.abs(V) ** 2


def by_eig(a: Any) -> Any:
    """The sine of the matrix and the squares of the vectors' elements, summed with symmetric weights."""
    w, V = np.linalg.eig(a)
    sine = np.matmul(V * np.sin(w / 4)[..., None, :], np.linalg.inv(V))
    return np.real(sine), np.sum(np.abs(V) ** 4 * np.abs(w - 20)[..., None, :], -1)


def turning(a: Any) -> Any:
    """The same with complex pairs of eigenvalues."""
    n = a.shape[-1]
    return a + 9 * (np.tri(n, dtype=a.dtype) - np.tri(n, dtype=a.dtype).T)


# ---- singular values -------------------------------------------------------------------------------------------------
def by_svd(a: Any, **options: Any) -> Any:
    """Singular values, the sine of the matrix, and projectors on half of what U and Vh span."""
    U, s, W = np.linalg.svd(a, **options)
    k = s.shape[-1]
    sine = np.matmul(U[..., :k] * np.sin(s)[..., None, :], W[..., :k, :])
    return s, sine, *[np.matmul(X[..., :, k - k // 2 :], adjoint(X[..., :, k - k // 2 :])) for X in (U, adjoint(W))]


def by_complete_qr(a: Any) -> Any:
    """The factors, and the projector on the columns that are not unique."""
    Q, R = np.linalg.qr(a, "complete")
    k = a.shape[-1]
    return Q[..., :k], R, np.matmul(Q[..., k:], adjoint(Q[..., k:]))


def flat(f: Any) -> Any:
    """f of a matrix of rank 1 made of the argument: a column times a row."""
    return lambda a: f(np.matmul(a[..., :, :1], a[..., :1, :]))


def lstsq_case(draw: Draw, dtype: str) -> Any:
    m, n = draw(st.sampled_from([(2, 2), (3, 2), (2, 3), (1, 1), (4, 2)]))
    right = draw(st.sampled_from([(m,), (m, 2), (m, 1)]))
    return np.linalg.lstsq, (parted(draw, dtype, m, n, ()), array(draw, right, dtype))


def tensorsolve_case(draw: Draw, dtype: str) -> Any:
    axes = draw(st.sampled_from([None, (0, 2)]))
    a = (array(draw, (6, 6), dtype, "unit") + 8 * np.eye(6)).astype(dtype).reshape(2, 3, 3, 2)
    if axes:
        a = np.ascontiguousarray(np.moveaxis(a, (2, 3), axes))
    return lambda a, b: np.linalg.tensorsolve(a, b, axes), (a, array(draw, (2, 3), dtype))


def tensorinv_case(draw: Draw, dtype: str) -> Any:
    ind, shapes = draw(st.sampled_from([(2, (2, 2, 4)), (1, (4, 2, 2)), (2, (2, 3, 3, 2))]))
    n = int(np.prod(shapes[:ind]))
    a = (array(draw, (n, n), dtype, "unit") + 8 * np.eye(n)).astype(dtype).reshape(shapes)
    return lambda a: np.linalg.tensorinv(a, ind), (a,)


RECORDS = [
    of_square("linalg.eigh", by_eigh, representative=True),
    of_square("linalg.eigh upper", lambda a: by_eigh(a, "U")),
    of_square("linalg.eigvalsh", lambda a: np.linalg.eigvalsh(hermitian(a))),
    of_square("linalg.eig", by_eig, representative=True),
    of_square("linalg.eig of pairs", lambda a: by_eig(turning(a))),
    of_square("linalg.eigvals", lambda a: np.real(np.sum(np.sin(np.linalg.eigvals(a)), -1))),
    of_square("linalg.eigvals of pairs", lambda a: np.sum(np.abs(np.linalg.eigvals(turning(a))), -1)),
    of_any("linalg.svd", by_svd, representative=True),
    of_any("linalg.svd reduced", lambda a: by_svd(a, full_matrices=False)),
    of_any("linalg.svd values", lambda a: np.linalg.svd(a, compute_uv=False)),
    of_square("linalg.svd hermitian", lambda a: by_svd(hermitian(a), hermitian=True)),
    of_square("linalg.svd hermitian values", lambda a: np.linalg.svd(hermitian(a), False, False, True)),
    of_any("linalg.svdvals", np.linalg.svdvals),
    of_any("linalg.qr", np.linalg.qr, representative=True),
    of_any("linalg.qr r", lambda a: np.linalg.qr(a, "r")),
    of_any("linalg.qr complete", by_complete_qr),
    of_any("linalg.pinv", np.linalg.pinv, representative=True),
    of_any("linalg.pinv rtol", lambda a: np.linalg.pinv(a, rtol=None)),
    of_any("linalg.pinv of rank 1", flat(lambda a: np.linalg.pinv(a, 1e-8)), [(2, 2), (3, 2), (2, 3)]),
    of_square("linalg.pinv hermitian", lambda a: np.linalg.pinv(hermitian(a), hermitian=True), 1),
    of_any("linalg.matrix_rank", np.linalg.matrix_rank, constant=True),
    of_any("linalg.matrix_rank tol", lambda a: np.linalg.matrix_rank(a, 3.0), constant=True),
    Record("linalg.lstsq", lstsq_case, complex=True, holomorphic=False),
    *[
        of_square(f"linalg.cond {p}", lambda a, p=p: np.linalg.cond(a, p), 2)
        for p in (None, 2, -2, "fro", "nuc", 1, -1, np.inf, -np.inf)
    ],
    of_any("linalg.norm of singular values 2", lambda a: np.linalg.norm(a, 2, (-1, -2), True)),
    of_any("linalg.norm of singular values -2", lambda a: np.linalg.norm(a, -2, (-2, -1)), [(2, 2), (2, 3)]),
    of_any("linalg.norm of singular values nuc", lambda a: np.linalg.norm(a, "nuc", (-2, -1))),
    of_any("linalg.matrix_norm 2", lambda a: np.linalg.matrix_norm(a, ord=2)),
    Record("linalg.tensorsolve", tensorsolve_case, complex=True),
    Record("linalg.tensorinv", tensorinv_case, complex=True),
]
