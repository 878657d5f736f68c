"""Records of primitives/contracting.py and of NumPy's names for products."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, array, broadcastable, shape


def length(draw: Draw) -> int:
    """The length of an axis, 0 at times."""
    return draw(st.sampled_from([1, 2, 3, 2, 3, 0]))


def matmul_case(draw: Draw, dtype: str) -> Any:
    """Vectors, matrices, stacks of them, one stack or two that broadcast."""
    m, k, n = length(draw), length(draw), length(draw)
    one, two = broadcastable(draw, 2, 2)
    left = (k,) if draw(st.integers(0, 3)) == 0 else (*one, m, k)
    right = (k,) if draw(st.integers(0, 3)) == 0 else (*two, k, n)
    return np.matmul, (array(draw, left, dtype), array(draw, right, dtype))


def fixed(name: str, f: Any, shapes: Any, **facts: Any) -> Record:
    """A function of arrays, of one of the listed tuples of shapes."""

    def case(draw: Draw, dtype: str) -> Any:
        return f, tuple([array(draw, one, dtype) for one in draw(st.sampled_from(shapes))])

    return Record(name, case, **facts)


def of_axis(name: str, f: Any, **facts: Any) -> Record:
    """A product of two arrays of any ranks that share the length of their last axes."""

    def case(draw: Draw, dtype: str) -> Any:
        k = length(draw)
        shapes = [(*shape(draw, 0, 2), k) if draw(st.integers(0, 4)) else () for _ in "ab"]
        return f, tuple([array(draw, one, dtype) for one in shapes])

    return Record(name, case, **facts)


def dot_case(draw: Draw, dtype: str) -> Any:
    k = length(draw)
    left = draw(st.sampled_from([(), (k,), (2, k), (3, 1, k)]))
    right = draw(st.sampled_from([(), (k,), (k, 2), (2, k, 3)]))
    return np.dot, (array(draw, left, dtype), array(draw, right, dtype))


def free(name: str, f: Any, most: int = 2, **facts: Any) -> Record:
    """A product of two arrays of any shapes."""

    def case(draw: Draw, dtype: str) -> Any:
        return f, (array(draw, shape(draw, 0, most), dtype), array(draw, shape(draw, 0, most), dtype))

    return Record(name, case, **facts)


def tensordot_case(draw: Draw, dtype: str) -> Any:
    a, b, axes = draw(
        st.sampled_from(
            [
                ((2, 3), (4,), 0),
                ((2, 3, 1), (3, 1, 2), 2),
                ((2, 3), (3,), 1),
                ((2, 3, 4), (4, 2), ((0, -1), (1, 0))),
                ((2, 3), (3, 2), (-1, 0)),
                ((2, 0), (0, 3), 1),
                ((2, 3), (2, 3), ([1, 0], [1, 0])),
            ]
        )
    )
    return lambda x, y: np.tensordot(x, y, axes)[()], (array(draw, a, dtype), array(draw, b, dtype))


def einsum(subscripts: str, *shapes: tuple[int, ...], **facts: Any) -> Record:
    """One einsum, of given shapes."""

    def case(draw: Draw, dtype: str) -> Any:
        optimize = draw(st.sampled_from([False, True, "greedy", "optimal"])) if len(shapes) > 2 else False
        arrays = tuple([array(draw, one, dtype) for one in shapes])
        return lambda *a: np.einsum(subscripts, *a, optimize=optimize), arrays

    return Record(f"einsum {subscripts}", case, complex=True, **facts)


def sublists(draw: Draw, dtype: str) -> Any:
    return (
        lambda x, y: np.einsum(x, [0, Ellipsis, 2], y, [2, Ellipsis], [Ellipsis, 0]),
        (array(draw, (2, 3, 4), dtype), array(draw, (4, 1), dtype)),
    )


def multi_dot_case(draw: Draw, dtype: str) -> Any:
    lengths = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(3, 6)))]
    shapes: list[tuple[int, ...]] = list(pairwise(lengths))
    if draw(st.integers(0, 2)) == 0:
        shapes[0] = shapes[0][1:]
    if draw(st.integers(0, 2)) == 0:
        shapes[-1] = shapes[-1][:1]
    return lambda *a: np.linalg.multi_dot(a), tuple([array(draw, one, dtype) for one in shapes])


def cross_case(draw: Draw, dtype: str) -> Any:
    axes = draw(st.sampled_from([{}, {"axis": -1}, {"axisc": 0}]))
    one, two = broadcastable(draw, 2, 1)
    if not one and not two:
        axes = {}
    return lambda x, y: np.cross(x, y, **axes), (array(draw, (*one, 3), dtype), array(draw, (*two, 3), dtype))


STACKS = [((2, 3), (3,)), ((3,), (2, 3)), ((3,), (3,)), ((2, 1, 3), (4, 3)), ((0, 3), (3,)), ((2, 0), (0,))]

RECORDS = [
    Record("matmul", matmul_case, complex=True, representative=True),
    fixed("X @ W", lambda x, w: x @ w, [((4, 3), (3, 2))], complex=True, representative=True),
    fixed("constant @ x", lambda x: np.arange(6.0).reshape(2, 3) @ x, [((3,),), ((3, 2),), ((2, 3, 1),)], complex=True),
    fixed("x @ constant", lambda x: x @ np.arange(6.0).reshape(2, 3), [((2,),), ((3, 2),), ((3, 1, 2),)], complex=True),
    fixed("x @ x", lambda x: x @ x, [((3, 3),), ((2, 2, 2),), ((3,),)], complex=True),
    Record("dot", dot_case, complex=True),
    of_axis("inner", np.inner, complex=True),
    free("outer", np.outer, complex=True, representative=True),
    fixed("vdot", np.vdot, [((2, 3), (3, 2)), ((3,), (3,)), ((0,), (0,)), ((), ())], complex=True, holomorphic=False),
    Record("tensordot", tensordot_case, complex=True, representative=True),
    free("kron", np.kron, complex=True),
    Record("cross", cross_case, complex=True),
    Record("multi_dot", multi_dot_case, complex=True),
    fixed("vecdot", np.vecdot, STACKS, complex=True, holomorphic=False),
    fixed(
        "matvec", np.matvec, [((2, 3), (3,)), ((4, 2, 3), (3,)), ((2, 3), (4, 3)), ((4, 1, 2, 3), (5, 3))], complex=True
    ),
    fixed("vecmat", np.vecmat, [((3,), (3, 2)), ((3,), (4, 3, 2)), ((4, 3), (3, 2))], complex=True, holomorphic=False),
    fixed("linalg.vecdot axis", lambda x, y: np.linalg.vecdot(x, y, axis=0), [((3, 2), (3, 2))]),
    fixed("linalg.outer", np.linalg.outer, [((2,), (3,))]),
    fixed("linalg.matmul", np.linalg.matmul, [((2, 2), (2, 3))]),
    fixed("linalg.tensordot", lambda x, y: np.linalg.tensordot(x, y, axes=1), [((2, 2), (2, 3))]),
    fixed("linalg.cross", np.linalg.cross, [((2, 3), (3,))]),
    einsum("ij,jk", (2, 3), (3, 4), representative=True),
    einsum("ij,jk->ki", (20, 30), (30, 40)),
    einsum("bij,kjb->bki", (2, 3, 4), (5, 4, 2)),
    einsum("bij,kjb->kib", (8, 9, 10), (11, 10, 8)),
    einsum("i,i", (3,), (3,)),
    einsum("i,i->", (1,), (3,)),
    einsum("ij,ij->ij", (1, 3), (2, 3)),
    einsum("ii", (3, 3)),
    einsum("iij->ji", (2, 2, 3)),
    einsum("ij->", (2, 3)),
    einsum("ji", (2, 3)),
    einsum("ij->ij", (2, 3)),
    einsum("iij,jk->k", (2, 2, 3), (3, 2)),
    einsum("ij,k->k", (2, 3), (2,)),
    einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 2), representative=True),
    einsum("a,b,abc,c->c", (2,), (3,), (2, 3, 4), (4,)),
    einsum("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
    einsum("i...,...i", (3, 2), (4, 2, 3)),
    einsum("...->...", (2, 3)),
    einsum(",ij", (), (2, 3)),
    einsum("ij,j->i", (0, 3), (3,)),
    einsum("ij, j -> i", (2, 0), (0,)),
    Record("einsum sublists", sublists, complex=True),
]
