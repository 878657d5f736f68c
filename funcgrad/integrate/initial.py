"""Initial value problems: odeint, under JAX's name, and solve_ivp, under SciPy's."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from attrs import asdict, frozen

from funcgrad.errors import BadArgument, UnknownValue, UnsupportedFunction
from funcgrad.graph.dispatch import loaded
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, unknown
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.integrate.equations import Equation, equation
from funcgrad.integrate.flowing import TIME, Flow
from funcgrad.integrate.stepping import Control, marched, solved, steps_of
from funcgrad.integrate.tableaux import TABLEAUX
from funcgrad.primitives.shaping import Cast
from funcgrad.transforms.bodies import Body
from funcgrad.transforms.boundary import copied

#: The methods that are SciPy's.
STIFF = ("BDF", "Radau", "LSODA", "DOP853")
GRADIENTS = ("direct", "adjoint")


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    *args: Any,
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    mxstep: float = np.inf,
    hmax: float = np.inf,
    method: str = "RK45",
    gradient: str = "adjoint",
) -> Any:
    """The solution of dy/dt = func(y, t, *args) with y = y0 at t[0], at every time of t, stacked along axis 0.

    odeint : (Y × ℝ × W → Y) × Y × ℝᵐ × W → Yᵐ, for trees Y and W.  Names and order are JAX's. Steps are Dormand and
    Prince's of orders 5(4), as long as the tolerances allow, and end at each time. func is staged once: its arguments
    are unknown, and it may close over traced values.

    Derivatives in y0, t, args and what func closes over: gradient="adjoint" solves the adjoint equation backwards
    and keeps only the answers; gradient="direct" differentiates the steps as they were taken, exactly and forwards too,
    and keeps what each began with. What is not reached (within `mxstep` steps from one time to the next) is NaN.

    >>> from funcgrad import grad
    >>> def decay(y, t, rate):
    ...     return -rate * y
    >>> odeint(decay, 1.0, np.array([0.0, 1.0, 2.0]), 0.5).round(6)
    array([1.      , 0.606531, 0.367879])
    >>> round(grad(lambda rate: odeint(decay, 1.0, np.array([0.0, 2.0]), rate)[1])(0.5), 6)   # -2 exp(-1)
    -0.735759
    """
    control = controlled("odeint", method, rtol, atol, mxstep, hmax)
    times = times_of("odeint", "t", t)
    found = equation("odeint", func, y0, args, time_first=False)
    return found.unpacked(integrated("odeint", found, times, control, gradient))


@frozen
class Solution:
    """What solve_ivp returns: as SciPy's, without its counts."""

    #: The times.
    t: Any
    #: The solution, a column a time.
    y: Any

    @property
    def success(self) -> bool:
        """Whether all times were reached."""
        y = self.y.value if type(self.y) is Node else self.y
        return not unknown(y) and bool(np.all(np.isfinite(y)))

    @property
    def status(self) -> int:
        """0 for success, -1 for none."""
        return 0 if self.success else -1


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: str = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Sequence[Any] | None = None,
    *,
    rtol: float = 1e-3,
    atol: float = 1e-6,
    max_step: float = np.inf,
    gradient: str = "direct",
    **options: Any,
) -> Solution:
    """The solution of dy/dt = fun(t, y, *args) with y = y0 at t_span[0], at the times t_eval: SciPy's names and order.

    solve_ivp : (ℝ × ℝⁿ × W → ℝⁿ) × ℝ² × ℝⁿ → (t: ℝᵐ, y: ℝⁿˣᵐ).  Without t_eval the times are those at which the steps
    end, constants to derivatives, which needs numbers that are known. "RK45" and "RK23" are our own; "BDF", "Radau",
    "LSODA" and "DOP853" are SciPy's, with a Jacobian from us, and have adjoint gradients only. For `gradient` see
    `odeint`.

    >>> def circle(t, y):
    ...     return [y[1], -y[0]]
    >>> solve_ivp(circle, (0.0, np.pi), [0.0, 1.0], rtol=1e-9, atol=1e-9).y[:, -1].round(6) + 0.0
    array([ 0., -1.])
    """
    if dense_output or events is not None:
        unsupported("dense_output" if dense_output else "events", "Give the times in t_eval.")
    if vectorized:
        unsupported("vectorized", "Leave it out: the Jacobian is ours.")
    for option in options:
        unsupported(option, "The Jacobian is ours; leave it out." if option.startswith("jac") else "Leave it out.")
    control = controlled("solve_ivp", method, rtol, atol, np.inf, max_step)
    if gradient == "direct" and method in STIFF:
        refuse(
            BadArgument,
            f"solve_ivp was given method={method!r} with gradient='direct'. Its steps are SciPy's, and not recorded.",
            "Write gradient='adjoint'.",
        )
    kind = type_of(admit(y0) if not isinstance(y0, list | tuple) else np.asarray(y0))
    if len(kind.shape) != 1:
        refuse(BadArgument, f"solve_ivp was given y0 of shape {kind.shape}. It is a vector.", "Use odeint for trees.")
    start = np.asarray(y0, float) if isinstance(y0, list | tuple) or kind.dtype.kind in "biu" else y0
    found = equation("solve_ivp", fun, start, args or (), time_first=True)
    ends = [end if type(end) is Node else np.float64(end) for end in t_span]
    times = stepped(found, ends, control) if t_eval is None else times_of("solve_ivp", "t_eval", t_eval)
    if t_eval is None:
        ys = integrated("solve_ivp", found, times, control, gradient)
    else:  # the solution begins at the start of t_span, which t_eval need not hold
        own = np.concatenate([np.stack([ends[0]]), times])
        ys = integrated("solve_ivp", found, own, control, gradient)[1:]
    return Solution(copied(times), copied(ys.T))


def integrated(name: str, found: Equation, times: Any, control: Control, gradient: str) -> Any:
    """The solution at every time."""
    if gradient not in GRADIENTS:
        refuse(
            BadArgument,
            f"{name} was given gradient={gradient!r}. There are two: through the steps, and by the adjoint equation.",
            "Write gradient='direct' or gradient='adjoint'.",
        )
    traced = any([type(value) is Node for value in (found.y, times, *found.w)])
    if control.method in TABLEAUX and not traced:
        step = Body(found.graph).callable
        return marched(lambda y, t: step(y, t, *found.w)[0], control, found.y, times)
    if gradient == "direct" and control.method in TABLEAUX:
        return solved(lambda y, t: found.graph(y, t, *found.w)[0], control, found.y, times, type(times) is Node)
    op = stiff().Stiff if control.method in STIFF else Flow
    return op(Body(found.graph), type_of(times).shape[0], **asdict(control))(found.y, times, *found.w)


def stiff() -> Any:
    """The module that needs SciPy."""
    return loaded("funcgrad.integrate.stiff")


def stepped(found: Equation, ends: list[Any], control: Control) -> Any:
    """The times at which steps end, between those of the span, which may be traced."""
    values = [value.value if type(value) is Node else value for value in (found.y, *found.w, *ends)]
    if any(map(unknown, values)):
        refuse(
            UnknownValue,
            "solve_ivp was asked for the times of its own steps. They depend on values that are not known here.",
            "Give the times in t_eval.",
        )
    y, w, (start, end) = values[0], values[1:-2], values[-2:]
    if control.method in STIFF:
        inner = stiff().steps_of(Body(found.graph), control, y, w, start, end)
    else:
        step = Body(found.graph).callable
        inner = steps_of(lambda y, t: step(y, t, *w)[0], control, y, start, end)
    return np.concatenate([np.stack([ends[0]]), np.array(inner[1:-1], TIME), np.stack([ends[1]])])


def times_of(name: str, argument: str, t: Any) -> Any:
    """Times as a vector of floats."""
    found = np.asarray(t) if isinstance(t, list | tuple) and not any([type(one) is Node for one in t]) else admit(t)
    kind = type_of(found)
    if len(kind.shape) != 1 or not kind.shape[0] or kind.dtype.kind not in "biuf":
        refuse(
            BadArgument,
            f"{name} was given {kind!r} as {argument}. It is a vector of times, the first that of y0.",
            "Write np.linspace(0.0, 1.0, 11), or np.array([start, end]).",
        )
    known = found.value if type(found) is Node else found
    if not unknown(known):
        steps = np.diff(known)
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            refuse(
                BadArgument,
                f"{name} was given times that go up and down, or are NaN, as {argument}. A solution runs one way.",
                "Sort them.",
            )
    return found if kind.dtype == TIME else Cast(TIME)(found)


def controlled(name: str, method: str, rtol: Any, atol: Any, mxstep: Any, hmax: Any) -> Control:
    """The settings, checked."""
    if method not in TABLEAUX and method not in STIFF:
        refuse(
            BadArgument,
            f"{name} was given method={method!r}. There are RK45 and RK23, and SciPy's BDF, Radau, LSODA and DOP853.",
            "Write method='RK45'.",
        )
    for option, value in (("rtol", rtol), ("atol", atol), ("mxstep", mxstep), ("hmax or max_step", hmax)):
        if not isinstance(value, int | float | np.number) or not value > 0:
            refuse(
                BadArgument,
                f"{name} was given {option}={value!r}. It is a positive number, and known.",
                f"Write {option.split()[0]}=1e-6, or leave it out.",
            )
    return Control(method, float(rtol), float(atol), float(mxstep), float(hmax))


def unsupported(option: str, remedy: str) -> NoReturn:
    """Refuse an option of SciPy's."""
    refuse(UnsupportedFunction, f"solve_ivp with {option}= is not supported here.", remedy)
