"""Flow: the solution of an ordinary differential equation as one operation, which keeps nothing but its answers.

Of dy/dt = f(y, t, w) the cotangent a = dL/dy obeys da/dt = -a ∂f/∂y, backwards from the last time, and w̄ grows by
-a ∂f/∂w: the adjoint equation. Pontryagin and others, *The Mathematical Theory of Optimal Processes* (1962); Chen,
Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (NeurIPS 2018). y is solved again on the
way, so memory does not grow with the number of steps; the tolerances hold for a and w̄ too. Where a solution contracts
its way back does not, and may be lost: then the cotangents are NaN.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from attrs import evolve, frozen

from funcgrad.graph.dispatch import saved
from funcgrad.graph.graph import Graph
from funcgrad.graph.op import Op
from funcgrad.graph.types import Type, type_of
from funcgrad.integrate.stepping import Control, solved
from funcgrad.lax.looping import scan
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.edges import fit
from funcgrad.transforms.bodies import Body, all_batched, staged
from funcgrad.transforms.running import alone, pulled, pushed
from funcgrad.transforms.staging import stop_gradient

TIME: np.dtype[Any] = np.dtype(np.float64)
#: By how much of its size y may have gone astray on the way back.
LOST = 1e-3


@saved
@frozen(eq=False, repr=False)
class Flow(Op):
    """z = y at each of the times t, where dy/dt = f(y, t, w) and y = y₀ at the first.  Arguments: y₀, t, w.

    Pullback: with a = z̄ᵢ + a at each time tᵢ, downwards, the adjoint equation from tᵢ to tᵢ₋₁; t̄ᵢ = z̄ᵢ·f(yᵢ, tᵢ), and
    t̄₀ = -a·f(y₀, t₀) before z̄₀ comes to a.  Pushforward: the equation of (y, ẏ), dẏ/dt = ∂f/∂y ẏ + ∂f/∂w ẇ.
    """

    reads_answer: ClassVar[bool] = True
    keeps_weak: ClassVar[bool] = True

    #: The function f of (y, t, w).
    body: Body
    #: How many times there are.
    times: int
    #: The method, and how long its steps are.
    method: Literal["RK45", "RK23", "DOP853", "BDF", "Radau", "LSODA"]
    rtol: float
    atol: float
    mxstep: float
    hmax: float

    #: What it runs, for the cost.
    inside = property(lambda self: ((self.body.graph, 1),))
    solve = property(lambda self: self.solution(moving=False).callable)
    options = property(lambda self: (self.times, self.method, self.rtol, self.atol, self.mxstep, self.hmax))

    def solution(self, moving: bool) -> Body:
        """The program of the steps, where times may move or not."""
        control = Control(self.method, self.rtol, self.atol, self.mxstep, self.hmax)
        graph = self.body.graph

        def steps(y: Any, ts: Any, *w: Any) -> list[Any]:
            return [solved(lambda y, t: graph(y, t, *w)[0], control, y, ts, moving)]

        kinds = [graph.inputs[0], Type((self.times,), TIME), *graph.inputs[2:]]
        body: Body = self.body.once(("solution", moving, self.options), lambda: staged(kinds, steps))
        return body

    def run(self, *args: Any) -> Any:
        return self.solve(*args)[0]

    def infer(self, *args: Any) -> Any:
        return Type((self.times, *self.body.graph.inputs[0].shape), self.body.graph.inputs[0].dtype)

    def once(self, key: Any, kinds: Sequence[Any], function: Any) -> Any:
        """A function of flat values as an operation, staged the first time."""
        return self.body.once((*key, self.options), lambda: alone(staged(kinds, function).graph))

    # ---- backwards ------------------------------------------------------------------------------------------------
    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        moving = tuple([i for i in wanted if i > 1])
        kinds = [*map(type_of, args), type_of(z), type_of(z)]
        op = self.once(("pull", moving), kinds, lambda *values: self.backwards(moving, *values))
        ybar, tbar, *wbars = op(*args, z, fit(zbar, type_of(z)))
        found = dict(zip((0, 1, *moving), (ybar, tbar, *wbars), strict=True))
        return [found[i] for i in wanted]

    def backwards(self, moving: tuple[int, ...], *values: Any) -> list[Any]:
        """ȳ₀, t̄ and the w̄."""
        _y0, ts, *w, ys, zbar = values
        graph, n = self.body.graph, type_of(ys).shape[1]
        kinds = [type_of(values[i]) for i in moving]
        flow = evolve(self, body=self.body.once(("adjoint", moving), lambda: adjoint(graph, moving)), times=2)

        def back(carry: Any, row: Any) -> tuple[Any, None]:
            y, before, bar, late, early = row
            state = np.concatenate([y, carry[0] + bar, carry[1]])
            found = flow(state, np.stack([late, early]), *w)[1]
            found = np.where(self.found_back(found[:n], before, y), found, np.nan)
            return (found[n : 2 * n], found[2 * n :]), None

        count = sum([kind.size for kind in kinds])
        nothing = (np.zeros(n, type_of(ys).dtype), np.zeros(count, type_of(ys).dtype))
        (a, sums), _ = scan(back, nothing, (ys[1:], ys[:-1], zbar[1:], ts[1:], ts[:-1]), reverse=True)
        slopes = scan(lambda c, row: (c, graph(row[0], row[1], *w)[0]), (), (ys, ts))[1]
        moved = np.real(np.sum(np.concatenate([-a[None], zbar[1:]]) * slopes, axis=1))
        return [a + zbar[0], moved, *cut(sums, kinds)]

    def found_back(self, y: Any, before: Any, after: Any) -> Any:
        """Whether y, solved backwards, came about to where it had been: else what was made of it is worth nothing."""
        y, before, after = map(stop_gradient, (y, before, after))
        far, one, other = [np.max(np.abs(a), initial=0.0) for a in (y - before, before, after)]
        return far <= LOST * np.maximum(one, other) + self.atol / LOST

    # ---- forwards -------------------------------------------------------------------------------------------------
    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        moving = tuple([i for i, dot in enumerate(dots) if dot is not None])
        kinds = [type_of(a) for a in args]
        types = [*kinds, type_of(z), *[kinds[i].strong() for i in moving]]
        op = self.once(("push", moving), types, lambda *values: self.forwards(moving, *values))
        return op(*args, z, *[fit(dots[i], kinds[i].strong(), stretch=True) for i in moving])[0]

    def forwards(self, moving: tuple[int, ...], *values: Any) -> list[Any]:
        """ż."""
        graph, m = self.body.graph, len(self.body.graph.inputs)
        (y0, ts, *w), ys, given = values[:m], values[m], dict(zip(moving, values[m + 1 :], strict=True))
        n, own = type_of(y0).shape[0], tuple([i for i in moving if i > 1])
        ydot = given.get(0, zeros_like(y0))
        if 1 in given:
            ydot = ydot - graph(y0, ts[0], *w)[0] * given[1][0]
        body = self.body.once(("tangent", own), lambda: tangent(graph, own))
        found = evolve(self, body=body)(np.concatenate([y0, ydot]), ts, *w, *[given[i] for i in own])[:, n:]
        if 1 in given:
            slopes = scan(lambda c, row: (c, graph(row[0], row[1], *w)[0]), (), (ys, ts))[1]
            found = found + slopes * given[1][:, None]
        return [found]

    # ---- batches --------------------------------------------------------------------------------------------------
    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return all_batched(self.solution(moving=True).graph, size, which, args)[0]


def cut(vector: Any, kinds: Sequence[Any]) -> list[Any]:
    """The pieces of a vector, at their types."""
    found, at = [], 0
    for kind in kinds:
        found.append(fit(np.reshape(vector[at : at + kind.size], kind.shape), kind.strong()))
        at += kind.size
    return found


def adjoint(graph: Graph, moving: tuple[int, ...]) -> Body:
    """The adjoint equation: of ((y, a, w̄), t, w)."""
    y, n = graph.inputs[0], graph.inputs[0].size
    back = pulled(graph, (0,), (0, *moving))
    count = sum([graph.inputs[i].size for i in moving])

    def slopes(state: Any, t: Any, *w: Any) -> list[Any]:
        value, a = state[:n], state[n : 2 * n]
        bars = [np.reshape(-bar, (-1,)) for bar in back(value, t, *w, a)]
        return [np.concatenate([graph(value, t, *w)[0], *[fit(bar, Type(bar.shape, y.dtype)) for bar in bars]])]

    return staged([Type((2 * n + count,), y.dtype), *graph.inputs[1:]], slopes)


def tangent(graph: Graph, moving: tuple[int, ...]) -> Body:
    """The equation of ((y, ẏ), t, (w, ẇ))."""
    y, n, m = graph.inputs[0], graph.inputs[0].size, len(graph.inputs)
    forth = pushed(graph, (0, *moving))

    def slopes(state: Any, t: Any, *values: Any) -> list[Any]:
        w, dots = values[: m - 2], values[m - 2 :]
        value = state[:n]
        moved = forth(value, t, *w, state[n:], *dots)[0]
        return [np.concatenate([graph(value, t, *w)[0], fit(moved, y, stretch=True)])]

    given = [graph.inputs[i].strong() for i in moving]
    return staged([Type((2 * n,), y.dtype), *graph.inputs[1:], *given], slopes)
