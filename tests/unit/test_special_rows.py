"""Every ufunc of scipy.special: its derivatives are the limits of differences, to the second order, or it refuses."""

import pickle

import numpy as np
import pytest

from funcgrad import grad, jvp
from funcgrad.errors import UnsupportedFunction
from funcgrad.primitives import names
from tests.support.special import REFUSED, UFUNCS, points


def results(z):
    """Real numbers: the real and imaginary parts of one result or several."""
    parts = z if isinstance(z, tuple) else (z,)
    real = lambda one: (np.real(one), np.imag(one)) if one.dtype.kind == "c" else (one,)
    return [part for one in parts for part in real(one)]


def along(name, args, i):
    """The function of one argument alone."""
    f = UFUNCS[name]
    return lambda t: f(*args[:i], t, *args[i + 1 :])


def slopes(f, t, h):
    """The difference quotients of fourth order of several results."""
    h *= max(abs(t), 0.1)
    a, b, c, d = [f(np.float64(t + k * h)) for k in (1, 2, -1, -2)]
    return [(8 * (p - q) - (r - s)) / (12 * h) for p, r, q, s in zip(a, b, c, d, strict=True)]


def derivatives(f, t):
    """The derivative of each result, backwards; forwards they are the same."""
    count = len(results(f(np.float64(t))))
    found = [grad(lambda t, k=k: results(f(t))[k])(t) for k in range(count)]
    np.testing.assert_allclose(jvp(lambda t: results(f(t)), (t,), (1.0,))[1], found, rtol=1e-12, atol=1e-300)
    return found


def close(got, want, rtol):
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol)


def check(f, t):
    """The first and the second derivative against differences."""
    close(derivatives(f, t), slopes(lambda t: results(f(t)), t, 2e-3), 1e-6)
    second = [grad(lambda t, k=k: grad(lambda s: results(f(s))[k])(t))(t) for k in range(len(results(f(t))))]
    close(second, slopes(lambda t: derivatives(f, t), t, 1e-3), 1e-5)


@pytest.mark.parametrize("name", UFUNCS)
def test_every_function_has_its_derivatives_or_refuses(name):
    """With respect to each argument that is a real number, at points in the interior of the domain."""
    for args in points(name, 2):
        for i, t in enumerate(args):
            if (name, i) in REFUSED:
                with pytest.raises(UnsupportedFunction, match=r"has no derivative rule with respect to its argument"):
                    derivatives(along(name, args, i), float(t))
            elif isinstance(t, float):
                check(along(name, args, i), t)


def test_every_function_is_an_operation_with_a_name():
    for f in UFUNCS.values():
        name = f"scipy.special.{f.__name__}"
        op = names.operation(name)
        assert op.ufunc is f
        assert pickle.loads(pickle.dumps(op)) is op
        assert names.named(op) == (name, {})


def takes_complex(f):
    """Whether the last argument may be complex, the others real."""
    return any(kinds.split("->")[0][-1] == "D" for kinds in f.types) and f.nin <= 4


#: Functions whose scale is not holomorphic, and those whose derivative SciPy has of real numbers only.
REAL_ONLY = {"jve", "yve", "ive", "airye", "psi", "digamma"}


@pytest.mark.parametrize("name", [name for name, f in UFUNCS.items() if takes_complex(f)])
def test_complex_arguments(name):
    """The derivative along the real and the imaginary axis, at points with a positive real and imaginary part."""
    *others, x = points(name, 1)[0]
    z = complex(abs(x) + 0.2, 0.3)
    f = lambda z: UFUNCS[name](*others, z)
    if name in REAL_ONLY:
        with pytest.raises(UnsupportedFunction, match="with respect to a complex argument"):
            jvp(f, (z,), (1 + 0j,))
        return
    for direction in (1, 1j):
        h = 1e-3 * direction
        a, b, c, d = [np.array(f(np.complex128(z + k * h))) for k in (1, 2, -1, -2)]
        close(np.array(jvp(f, (z,), (direction + 0j,))[1]), (8 * (a - c) - (b - d)) / 12e-3, 1e-7)
