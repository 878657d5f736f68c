"""Every ordered pair of transforms on every representative record: T₁(T₂(f)) is what directional derivatives say it is.

Each transform is an operator on functions, with its answer contracted along fixed directions, so that all of them are
said in terms of one: D f = lim (f(x + hv) - f(x - hv)) / 2h along v. The reference makes D by jvp alone.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from funcgrad import grad, hessian, hvp, jacfwd, jacrev, jit, jvp, linearize, tree, vjp, vmap
from tests.catalogue import RECORDS
from tests.laws.cases import cases, close, dot, random_like, weights

#: How far the second item of a batch is from the first.
STEP = 1e-2


def applied(block, v):
    """A block of a Jacobian times v: the sum over the axes of v."""
    return np.sum(block * v, axis=tuple(range(block.ndim - np.ndim(v), block.ndim)))


class Along:
    """The operators, for functions of `args`: each takes a function of arguments like these and returns another."""

    def __init__(self, args, seed):
        rng = np.random.default_rng(seed)
        self.v = tuple(random_like(rng, a) for a in args)
        self.everything = tuple(range(len(args)))

    def beside(self, args):
        """x + hv."""
        return tuple(a + STEP * v for a, v in zip(args, self.v, strict=True))

    def scalar(self, f):
        """⟨w, f⟩ for weights w that are fixed."""

        def g(*args):
            y = f(*args)
            return dot(weights(tree.map(lambda a: np.ones(a.shape), y)), y)

        return g

    def grad(self, f):
        return lambda *args: dot(self.v, grad(self.scalar(f), self.everything)(*args))

    def jvp(self, f):
        return lambda *args: jvp(f, args, self.v)[1]

    def vjp(self, f):
        return lambda *args: dot(self.v, vjp(self.scalar(f), *args)[1](1.0))

    def jit(self, f):
        """The program of f, which has run once before."""
        program = jit(f)

        def g(*args):
            program(*args)
            return program(*args)

        return g

    def linearize(self, f):
        return lambda *args: linearize(f, *args)[1](*self.v)

    def vmap(self, f):
        """f(x) - ½ f(x + hv), from one batch."""

        def g(*args):
            batch = [np.stack([a, b]) for a, b in zip(args, self.beside(args), strict=True)]
            return tree.map(lambda y: y[0] - 0.5 * y[1], vmap(f)(*batch))

        return g

    def contracted(self, jacobian, like):
        """J v for a Jacobian that is a tree like `like`, of a tuple of blocks each."""
        blocks = tree.structure(like).flatten_up_to(jacobian)
        return tree.structure(like).unflatten([sum(map(applied, row, self.v)) for row in blocks])

    def jacrev(self, f):
        return lambda *args: self.contracted(jacrev(f, self.everything)(*args), f(*args))

    def jacfwd(self, f):
        return lambda *args: self.contracted(jacfwd(f, self.everything)(*args), f(*args))

    def hessian(self, f):
        def g(*args):
            rows = hessian(self.scalar(f), self.everything)(*args)
            return dot(self.v, self.contracted(rows, self.v))

        return g

    def hvp(self, f):
        """v · H v, with the product of H and v made an argument at a time."""

        def g(*args):
            total = 0.0
            for i, (v, a) in enumerate(zip(self.v, args, strict=True)):
                # The part of the Hessian between argument i and all others, by moving argument i alone.
                of = lambda x, *others, i=i: self.scalar(f)(*others[:i], x, *others[i:])
                others = (*args[:i], *args[i + 1 :])
                total = total + np.sum(v * hvp(of)(a, v, *others))
                total = total + sum(self.mixed(f, args, i, j) for j in self.everything if j != i)
            return total

        return g

    def mixed(self, f, args, i, j):
        """vᵢ · ∂²⟨w, f⟩/∂xᵢ∂xⱼ · vⱼ."""
        slope = lambda *args: np.sum(self.v[i] * grad(self.scalar(f), i)(*args))
        return np.sum(self.v[j] * grad(slope, j)(*args))


class Reference(Along):
    """The same operators, made of D and plain evaluation alone."""

    def jvp(self, f):
        return lambda *args: jvp(f, args, self.v)[1]

    linearize = jacrev = jacfwd = jvp

    def grad(self, f):
        return self.jvp(self.scalar(f))

    vjp = grad

    def jit(self, f):
        return f

    def hessian(self, f):
        return self.jvp(self.jvp(self.scalar(f)))

    hvp = hessian

    def vmap(self, f):
        return lambda *args: tree.map(lambda a, b: a - 0.5 * b, f(*args), f(*self.beside(args)))


TRANSFORMS = ["jit", "grad", "jvp", "vjp", "linearize", "vmap", "jacrev", "jacfwd", "hessian", "hvp"]
HERE = [record for record in RECORDS if record.representative and not record.constant]


@cache
def drawn(record):
    """A few cases of a record: those that Hypothesis draws with the fewest numbers, but with more than one."""
    found = []

    @settings(max_examples=20, database=None, phases=[Phase.generate])
    @given(case=cases(record, "float64"))
    def collect(case):
        found.append(case)

    collect()
    count = lambda case: sum(map(np.size, case.args))
    several = [case for case in found if count(case) > 1]
    return sorted(several or found, key=count)[: settings.default.max_examples // 10]


@pytest.mark.parametrize("record", HERE, ids=lambda record: record.name)
@pytest.mark.parametrize("outer", TRANSFORMS)
@pytest.mark.parametrize("inner", TRANSFORMS)
def test_pairs_of_transforms(inner, outer, record):
    for case in drawn(record):
        operators, reference = Along(case.args, case.seed), Reference(case.args, case.seed)
        got = getattr(operators, outer)(getattr(operators, inner)(case.f))(*case.args)
        want = getattr(reference, outer)(getattr(reference, inner)(case.f))(*case.args)
        close(got, want, 1e-8, f"{outer} of {inner} of {case}")
