"""Every error that funcgrad raises by itself: what happened, where it came from, what to write instead.

The examples fail and then succeed, so this file is also a list of the ways out.
"""

from numpy.linalg import LinAlgError


class FuncgradError(Exception):
    """The common ancestor: catch it to catch whatever funcgrad, and not NumPy, refuses."""


class TreeError(FuncgradError, ValueError):
    """Two trees that should have one structure differ; the path of the first difference is named.

    >>> from funcgrad import tree
    >>> tree.map(lambda x, y: x + y, {"w": 1.0}, {"v": 1.0})
    Traceback (most recent call last):
    funcgrad.errors.TreeError: ...
    >>> tree.map(lambda x, y: x + y, {"w": 1.0}, {"w": 2.0})
    {'w': 3.0}
    """


class UnknownValue(FuncgradError, TypeError):
    """A truth value, a number or a length was asked of a value that is not known yet (vmap, eval_shape).

    >>> import numpy as np
    >>> from funcgrad import vmap
    >>> vmap(lambda x: x if x > 0 else -x)(np.array([1.0, -2.0]))
    Traceback (most recent call last):
    funcgrad.errors.UnknownValue: ...
    >>> vmap(lambda x: np.where(x > 0, x, -x))(np.array([1.0, -2.0]))
    array([1., 2.])
    """


class LostDerivative(FuncgradError, TypeError):
    """An operation would turn a traced value into a plain number, so that its derivative would silently be zero.

    >>> import math, numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda x: math.sin(x))(0.0)
    Traceback (most recent call last):
    funcgrad.errors.LostDerivative: ...
    >>> grad(lambda x: np.sin(x))(0.0)
    1.0
    """


class ImmutableValue(FuncgradError, TypeError):
    """A traced value, or an array that would then have to hold one, was to be changed in place.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> def f(x):
    ...     x[0] = 0.0
    ...     return np.sum(x * x)
    >>> grad(f)(np.array([3.0, 4.0]))
    Traceback (most recent call last):
    funcgrad.errors.ImmutableValue: ...
    >>> grad(lambda x: np.sum(x.at[0].set(0.0) ** 2))(np.array([3.0, 4.0]))
    array([0., 8.])
    """


class UnsupportedFunction(FuncgradError, TypeError):
    """A NumPy function, or an option of one, that has no rule here was given a traced value.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda x: np.sum(np.sin(x, dtype=np.float64)))(np.zeros(2))
    Traceback (most recent call last):
    funcgrad.errors.UnsupportedFunction: ...
    >>> grad(lambda x: np.sum(np.sin(x.astype(np.float64))))(np.zeros(2))
    array([1., 1.])
    """


class BadArgument(FuncgradError, TypeError):
    """A transform was given something it cannot differentiate or map: the leaf's path and type are named.

    >>> from funcgrad import grad
    >>> grad(lambda p: p["w"] ** 2)({"w": 3.0, "name": "dense"})
    Traceback (most recent call last):
    funcgrad.errors.BadArgument: ...
    >>> grad(lambda p, name: p["w"] ** 2)({"w": 3.0}, "dense")
    {'w': 6.0}
    """


class BadAnswer(FuncgradError, TypeError):
    """A function returned something whose derivative is not defined: no scalar, None, text, objects.

    >>> import numpy as np
    >>> from funcgrad import grad, jacobian
    >>> grad(lambda x: 2 * x)(np.ones(2))
    Traceback (most recent call last):
    funcgrad.errors.BadAnswer: ...
    >>> jacobian(lambda x: 2 * x)(np.ones(2))
    array([[2., 0.],
           [0., 2.]])
    """


class BadRule(FuncgradError, TypeError):
    """A rule of the user's returned what cannot be a derivative: the rule, the argument and the shapes are named.

    >>> import numpy as np
    >>> from funcgrad import grad, primitive
    >>> total = primitive(np.sum, vjp=lambda zbar, z, x: (zbar,))
    >>> grad(total)(np.ones(3))
    Traceback (most recent call last):
    funcgrad.errors.BadRule: ...
    >>> total = primitive(np.sum, vjp=lambda zbar, z, x: (np.broadcast_to(zbar, x.shape),))
    >>> grad(total)(np.ones(3))
    array([1., 1., 1.])
    """


class EscapedNode(FuncgradError, TypeError):
    """A traced value was used after the call that it belongs to had ended, or was to be pickled.

    >>> import numpy as np
    >>> from funcgrad import vmap
    >>> kept = []
    >>> _ = vmap(lambda x: kept.append(x) or x)(np.ones(2))
    >>> vmap(lambda x: x + kept[0])(np.ones(2))
    Traceback (most recent call last):
    funcgrad.errors.EscapedNode: ...
    >>> vmap(lambda x, y: x + y)(np.ones(2), np.ones(2))
    array([2., 2.])
    """


class UntracedPath(FuncgradError, ValueError):
    """A saved program came to a branch that was never traced: `jit` would trace it now, a program alone cannot.

    >>> from funcgrad import stage
    >>> def f(x):
    ...     return x if x > 0 else -x
    >>> stage(f)(2.0)(-3.0)
    Traceback (most recent call last):
    funcgrad.errors.UntracedPath: ...
    >>> from funcgrad import jit
    >>> g = jit(f)
    >>> g(2.0), g(-3.0), stage(g)(2.0)(-3.0)
    (2.0, 3.0, 3.0)
    """


class BadProgram(FuncgradError, ValueError):
    """A file or a text is no program that this version of funcgrad can load.

    >>> from funcgrad import Program, stage
    >>> Program.from_json('{"format": "something else"}')
    Traceback (most recent call last):
    funcgrad.errors.BadProgram: ...
    >>> Program.from_json(stage(lambda x: 2 * x)(1.0).to_json())(3.0)
    6.0
    """


class BadCheckpoint(FuncgradError, ValueError):
    """A file is no checkpoint that this version of funcgrad can load, or it has another tree than the one asked for.

    >>> import numpy as np
    >>> from funcgrad import data
    >>> data.save("params.npz", {"w": np.ones(2)})
    >>> data.load("params.npz", {"w": np.zeros(3)})
    Traceback (most recent call last):
    funcgrad.errors.BadCheckpoint: ...
    >>> data.load("params.npz", {"w": np.zeros(2)})
    {'w': array([1., 1.])}
    """


class TooManyPaths(FuncgradError, ValueError):
    """A jitted function took ever new paths through Python's control flow, so that each call traced it again.

    >>> from funcgrad import jit
    >>> def f(x):
    ...     while x > 1.0:
    ...         x = x / 2
    ...     return x
    >>> halved = jit(f)
    >>> [halved(2.0**n) for n in range(20)]
    Traceback (most recent call last):
    funcgrad.errors.TooManyPaths: ...
    >>> [f(2.0**n) for n in range(3)]
    [1.0, 1.0, 1.0]
    """


class NotConverged(FuncgradError, ArithmeticError):
    """A solver stopped before its answer was one, so that neither the answer nor its derivative can be trusted.

    >>> from funcgrad import fixed_point
    >>> fixed_point(lambda x: 2 * x + 1, 0.0)
    Traceback (most recent call last):
    funcgrad.errors.NotConverged: ...
    >>> round(float(fixed_point(lambda x: x / 2 + 1, 0.0)), 6)
    2.0
    """


class SingularSystem(FuncgradError, LinAlgError):
    """A system of linear equations has no one solution, so that what it would determine has no derivative.

    >>> import numpy as np
    >>> from funcgrad import linear_solve
    >>> linear_solve(lambda x: np.array([[1.0, 1.0], [1.0, 1.0]]) @ x, np.ones(2))
    Traceback (most recent call last):
    funcgrad.errors.SingularSystem: ...
    >>> linear_solve(lambda x: np.array([[1.0, 1.0], [1.0, 3.0]]) @ x, np.ones(2))
    array([1., 0.])
    """


class MissingExtra(FuncgradError, ImportError):
    """An optional library that a module stands on is not installed: `import funcgrad.scipy` without SciPy.

    The message names the extra that brings it, here `pip install 'funcgrad[scipy]'`. It is an `ImportError` too.
    """


class NotReparameterised(FuncgradError, TypeError):
    """A random choice among whole numbers was to be differentiated with respect to what it is made by.

    >>> import numpy as np
    >>> from funcgrad import grad, random, stop_gradient
    >>> heads = lambda p: random.bernoulli(random.key(0), p, (100,))
    >>> grad(lambda p: np.mean(np.where(heads(p), 3.0, 1.0)))(0.5)
    Traceback (most recent call last):
    funcgrad.errors.NotReparameterised: ...
    >>> def score(p):
    ...     x = heads(stop_gradient(p))
    ...     return np.mean(np.where(x, 3.0, 1.0) * np.log(np.where(x, p, 1 - p)))
    >>> abs(grad(score)(0.5) - (3.0 - 1.0)) < 1.0   # d/dp of 3p + (1 - p), by 100 draws
    True
    """
