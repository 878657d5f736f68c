"""SciPy's methods for initial value problems, with our Jacobian (the extra [scipy])."""

from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.errors import MissingExtra
from funcgrad.graph.dispatch import saved
from funcgrad.integrate.flowing import Flow
from funcgrad.integrate.stepping import Control
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

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        items = [[a[i] if batch else a for a, batch in zip(args, which, strict=True)] for i in range(size)]
        return np.stack([self(*item) for item in items])


def solution(f: Any, slope: Any, control: Any, y: Any, w: Any, start: Any, end: Any, times: Any) -> Any:
    """SciPy's own solution."""
    options = {} if slope is None else {"jac": lambda t, y: slope(y, np.float64(t), *w)[0]}
    return solve_ivp(
        lambda t, y: f(y, np.float64(t), *w)[0],
        (start, end),
        y,
        control.method,
        times,
        rtol=control.rtol,
        atol=control.atol,
        max_step=control.hmax,
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
