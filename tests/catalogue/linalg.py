"""Records of primitives/solving.py and of NumPy's linear algebra."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcgrad.primitives.solving import TriangularInverse
from tests.catalogue.record import Record
from tests.strategies import Draw, array, distinct, shape


def regular(draw: Draw, dtype: str, n: int, stack: tuple[int, ...] = ()) -> Any:
    """A stack of matrices with dominant diagonals."""
    return (array(draw, (*stack, n, n), dtype, "unit") + 4 * np.eye(n)).astype(dtype)


def size(draw: Draw) -> int:
    """The size of a matrix, 0 at times."""
    return draw(st.sampled_from([1, 2, 3, 2, 3, 0]))


def of_matrix(name: str, f: Any, **facts: Any) -> Record:
    """A function of a stack of regular matrices."""

    def case(draw: Draw, dtype: str) -> Any:
        return f, (regular(draw, dtype, size(draw), shape(draw, 0, 2)),)

    return Record(name, case, complex=True, **facts)


def solve_case(draw: Draw, dtype: str) -> Any:
    n = size(draw)
    stacks, right = draw(
        st.sampled_from(
            [
                ((), (n,)),
                ((), (n, 2)),
                ((3,), (n,)),
                ((3,), (3, n, 1)),
                ((), (3, n, 2)),
                ((2, 1), (3, n, 2)),
                ((0,), (n, 2)),
            ]
        )
    )
    return np.linalg.solve, (regular(draw, dtype, n, stacks), array(draw, right, dtype))


def hermitian(a: Any) -> Any:
    """½(a + aᴴ): near a Hermitian matrix, the Cholesky factor is a function of this alone."""
    return (a + np.conjugate(np.swapaxes(a, -1, -2))) / 2


def norm(name: str, f: Any, least: int, **facts: Any) -> Record:
    """A norm, at arrays of `least` axes or more, whose elements have different absolute values of at least 1."""

    def case(draw: Draw, dtype: str) -> Any:
        shapes = shape(draw, least, least + 1, empty=False)
        steps = distinct(draw, shapes)
        sizes = steps - np.min(steps) + 1
        phases = np.sign(array(draw, shapes)) * np.exp(1j * array(draw, shapes) * dtype.startswith("complex"))
        return f, ((sizes * (phases if dtype.startswith("complex") else phases.real)).astype(dtype)[()],)

    return Record(name, case, complex=True, holomorphic=False, **facts)


def graded(name: str, f: Any) -> Record:
    """A norm of matrices: each row and column is larger than the one before it, so that no two sums are near."""

    def case(draw: Draw, dtype: str) -> Any:
        shapes = shape(draw, 2, 3, empty=False)
        phases = np.sign(array(draw, shapes)) * np.exp(1j * array(draw, shapes) * dtype.startswith("complex"))
        sizes = 1 + 0.02 * np.abs(array(draw, shapes)) + np.zeros(shapes)
        x = (
            sizes
            * np.arange(1.0, shapes[0] + 1).reshape(-1, *(1,) * (len(shapes) - 1))
            * np.arange(2.0, shapes[-1] + 2)
        )
        return f, ((x * (phases if dtype.startswith("complex") else phases.real)).astype(dtype),)

    return Record(name, case, complex=True, holomorphic=False)


RECORDS = [
    Record("linalg.solve", solve_case, complex=True, representative=True),
    of_matrix("linalg.inv", np.linalg.inv, representative=True),
    of_matrix("linalg.det", np.linalg.det, representative=True),
    of_matrix("linalg.slogdet", np.linalg.slogdet, holomorphic=False, representative=True),
    of_matrix("linalg.cholesky", lambda a: np.linalg.cholesky(hermitian(a)), holomorphic=False, representative=True),
    of_matrix("triangular inverse", lambda a: TriangularInverse()(a + 3 * np.eye(a.shape[-1]))),
    of_matrix("linalg.cholesky upper", lambda a: np.linalg.cholesky(hermitian(a), upper=True), holomorphic=False),
    *[
        of_matrix(f"linalg.matrix_power {n}", lambda a, n=n: np.linalg.matrix_power(a / 4, n))
        for n in (1, 2, 5, -1, -3)
    ],
    of_matrix("linalg.trace", lambda a: np.linalg.trace(a, offset=1)),
    of_matrix("linalg.diagonal", lambda a: np.linalg.diagonal(a, offset=-1)),
    of_matrix("linalg.matrix_transpose", np.linalg.matrix_transpose),
    norm("linalg.norm", np.linalg.norm, 1, representative=True),
    norm("linalg.norm of a number", np.linalg.norm, 0),
    norm("linalg.norm axis", lambda x: np.linalg.norm(x, axis=-1, keepdims=True), 1, representative=True),
    *[norm(f"linalg.norm {p}", lambda x, p=p: np.linalg.norm(x, p, axis=0), 1) for p in (1, 2, 3, 2.5, 0.5, -1, -2)],
    norm("linalg.norm inf", lambda x: np.linalg.norm(x, np.inf, axis=-1), 1),
    norm("linalg.norm -inf", lambda x: np.linalg.norm(x, -np.inf, axis=-1), 1),
    norm("linalg.norm fro", lambda x: np.linalg.norm(x, "fro", axis=(0, 1)), 2),
    norm("linalg.norm of matrices", lambda x: np.linalg.norm(x, axis=(-1, -2), keepdims=True), 2),
    *[
        graded(f"linalg.norm of matrices {p}", lambda x, p=p: np.linalg.norm(x, p, (0, -1)))
        for p in (1, -1, np.inf, -np.inf)
    ],
    norm("linalg.vector_norm", np.linalg.vector_norm, 1),
    norm("linalg.vector_norm axis", lambda x: np.linalg.vector_norm(x, axis=(1, 0), ord=3, keepdims=True), 2),
    norm("linalg.matrix_norm", np.linalg.matrix_norm, 2),
]
