"""SciPy's methods for initial value problems, with our Jacobian (the extra [scipy])."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import evolve, frozen

from funcgrad.errors import MissingExtra
from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type, type_of
from funcgrad.integrate.flowing import TIME, Flow, adjoint, cut
from funcgrad.integrate.stepping import Control
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, all_batched, staged
from funcgrad.transforms.running import pushed

try:
    from scipy.integrate import solve_ivp
except ImportError as error:
    raise MissingExtra(
        "The methods BDF, Radau, LSODA and DOP853 are SciPy's. Install it: pip install 'funcgrad[scipy]'. "
        "Or write method='RK45'."
    ) from error

#: The methods that take a Jacobian.
IMPLICIT = {"BDF", "Radau", "LSODA"}


@saved
@frozen(eq=False, repr=False)
class Stiff(Flow):
    """A `Flow` whose steps are SciPy's."""

    step = property(lambda self: self.body.callable)
    #: ∂f/∂y, where the method asks for it.
    jacobian = property(lambda self: jacobian(self.body) if self.method in IMPLICIT else None)
    unwritten = "Its steps are SciPy's, and its Jacobian funcgrad's."

    def run(self, *args: Any) -> Any:
        y0, ts, w = args[0], args[1], args[2:]
        if len(ts) < 2 or ts[0] == ts[-1]:
            return np.broadcast_to(y0, (self.times, *y0.shape)).copy()
        distinct = np.unique(ts)[:: 1 if ts[-1] > ts[0] else -1]
        found = solution(self.step, self.jacobian, self, y0, w, ts[0], ts[-1], distinct)
        whole = np.full((len(distinct), len(y0)), np.nan, y0.dtype)
        whole[: found.y.shape[1]] = found.y.T
        return whole[np.searchsorted(distinct, ts) if ts[-1] > ts[0] else np.searchsorted(-distinct, -ts)]

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        moving = tuple([i for i in wanted if i > 1])
        op = evolve(Backwards(self.body, *self.options), moving=moving)
        ybar, tbar, *wbars = op(*args, z, fit(zbar, type_of(z)))
        found = dict(zip((0, 1, *moving), (ybar, tbar, *wbars), strict=True))
        return [found[i] for i in wanted]

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        found = [self(*[a[i] if batch else a for a, batch in zip(args, which, strict=True)]) for i in range(size)]
        return tuple([np.stack(column) for column in zip(*found, strict=True)]) if self.several else np.stack(found)


@saved
@frozen(eq=False, repr=False)
class Backwards(Stiff):
    """ȳ₀, t̄ and the w̄ of a `Stiff`, from its arguments, answers and z̄.

    On numbers y is read off the solution, which is solved once more and kept: solved backwards a stiff equation
    explodes. Its own derivatives solve it backwards all the same.
    """

    several: ClassVar[bool] = True

    #: Which of the arguments have cotangents, beside y₀ and t.
    moving: tuple[int, ...] = ()

    @property
    def resolved(self) -> Any:
        """The same by operations that have derivatives."""
        inputs, y = self.body.graph.inputs, Flow.infer(self)
        kinds = [inputs[0], Type((self.times,), TIME), *inputs[2:], y, y]
        flow = Stiff(self.body, *self.options)
        return self.once(("resolved", self.moving), kinds, lambda *values: flow.backwards(self.moving, *values))

    def run(self, *args: Any) -> Any:
        (y0, ts), w, ys, zbar = args[:2], args[2:-2], args[-2], args[-1]
        n, kinds = len(y0), [type_of(args[i]) for i in self.moving]
        body = self.body.once(("adjoint", self.moving), lambda: adjoint(self.body.graph, self.moving))
        f, slope = body.callable, jacobian(body) if self.method in IMPLICIT else None
        state = np.zeros(n + sum([kind.size for kind in kinds]), ys.dtype)
        bars = [np.float64(0.0)] * len(ts)
        if ts[0] != ts[-1]:
            path = solution(self.step, self.jacobian, self, y0, w, ts[0], ts[-1], None).sol
        for i in range(len(ts) - 1, 0, -1):
            state = np.concatenate([state[:n] + zbar[i], state[n:]])
            bars[i] = np.real(zbar[i] @ self.step(ys[i], ts[i], *w)[0])
            if ts[i] != ts[i - 1]:
                state = kept(f, slope, self, path, state, w, ts[i], ts[i - 1])
        bars[0] = -np.real(state[:n] @ self.step(y0, ts[0], *w)[0])
        return (state[:n] + zbar[0], np.array(bars), *cut(state[n:], kinds))

    def infer(self, *args: Any) -> Any:
        inputs = self.body.graph.inputs
        return (inputs[0], Type((self.times,), TIME), *[inputs[i].strong() for i in self.moving])

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        bars: list[Any] = self.resolved.pull(zbar, z, args, wanted)
        return bars

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return self.resolved.push(dots, z, args)


def kept(f: Any, slope: Any, control: Any, path: Any, state: Any, w: Any, start: Any, end: Any) -> Any:
    """(a, w̄) at a time from that at another, where y is read off a path."""

    def whole(t: float, rest: Any) -> Any:
        return np.concatenate([path(t), rest]), np.float64(t)

    n = len(path(start))
    options = {} if slope is None else {"jac": lambda t, rest: slope(*whole(t, rest), *w)[0][n:, n:]}
    found = solve_ivp(
        lambda t, rest: f(*whole(t, rest), *w)[0][n:],
        (start, end),
        state,
        control.method,
        (end,),
        rtol=control.rtol,
        atol=control.atol,
        max_step=control.hmax,
        **options,
    )
    return found.y[:, 0] if found.success else np.full_like(state, np.nan)


def solution(f: Any, slope: Any, control: Any, y: Any, w: Any, start: Any, end: Any, times: Any) -> Any:
    """SciPy's own solution."""
    options = {} if slope is None else {"jac": lambda t, y: slope(y, np.float64(t), *w)[0]}
    return solve_ivp(
        lambda t, y: f(y, np.float64(t), *w)[0],
        (start, end),
        y,
        control.method,
        times,
        times is None,
        max_step=control.hmax,
        rtol=control.rtol,
        atol=control.atol,
        **options,
    )


def jacobian(body: Body) -> Any:
    """∂f/∂y of a function f(y, t, w), as a program."""

    def made() -> Body:
        graph = body.graph
        forth, n = pushed(graph, (0,)), graph.inputs[0].size
        marks = (*[False] * len(graph.inputs), True)
        unit = np.eye(n, dtype=graph.inputs[0].dtype)
        return staged(graph.inputs, lambda *args: [all_batched(forth, n, marks, (*args, unit))[0].T])

    return body.once("jacobian", made).callable


def steps_of(body: Body, control: Control, y: Any, w: Any, start: Any, end: Any) -> list[float]:
    """The times at which SciPy's steps end."""
    slope = jacobian(body) if control.method in IMPLICIT else None
    found: list[float] = solution(body.callable, slope, control, y, w, start, end, None).t.tolist()
    return found
