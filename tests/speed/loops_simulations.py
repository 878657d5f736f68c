"""Loops by hand of the examples that simulate, that learn to learn, and of the two smallest: for examples.py."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import numpy as np
from loops import Loop, adam
from scipy.optimize import least_squares

from funcgrad import jacfwd, jit, optim, random, tree, value_and_grad
from funcgrad.examples import descent, figure_eight, influenza, maml, neuron
from funcgrad.examples.training import trained


# ---- learning to learn ---------------------------------------------------------------------------------------------
def maml_loops() -> tuple[Loop, Loop]:
    """MAML: a batch of tasks drawn, the gradient through a step of descent, Adam."""

    def ours() -> Iterator[Any]:
        keys = random.split(random.key(1), 10**5)
        return trained(maml.loss, maml.initial(random.key(0)), optim.adam(maml.RATE), map(jit(maml.sines), keys))

    def hand() -> Iterator[Any]:
        rng = np.random.default_rng(0)
        params = [part.copy() for layer in maml.initial(random.key(0)) for part in layer]
        step = adam(params, lambda count: maml.RATE)
        while True:
            value, slopes = maml_by_hand(params, *sines_by_hand(rng))
            step(slopes)
            yield float(value)

    return ours, hand


def sines_by_hand(rng: Any) -> tuple[Any, Any, Any, Any]:
    """Tasks of sines: points to learn from, and points to be judged by."""
    a, phi = rng.uniform(0.1, 5.0, (maml.TASKS, 1)), rng.uniform(0.0, np.pi, (maml.TASKS, 1))
    x, new = rng.uniform(-5.0, 5.0, (2, maml.TASKS, maml.SHOTS))
    return x, a * np.sin(x + phi), new, a * np.sin(new + phi)


def maml_by_hand(params: list[Any], x: Any, y: Any, new: Any, y_new: Any) -> tuple[Any, list[Any]]:
    """The error after a step of each task, and its gradient.

    With w' = w - α g(w), and V the gradient at w', the gradient at w is V - α H V. H V is the tangent of g along V: B.
    Pearlmutter, *Fast exact multiplication by the Hessian* (1994). An R before a name is such a tangent. Rows of all
    tasks are one matrix where their weights are the same.
    """
    w1, b1, w2, b2, w3, b3 = params
    tasks, shots = x.shape
    units = w2.shape[0]
    x = x.reshape(-1, 1) / 2.5
    h1 = np.tanh(x * w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    s1, s2 = 1 - h1 * h1, 1 - h2 * h2
    e = (h2 @ w3 + b3 - y.reshape(-1, 1)) * (2 / shots)
    u2 = e * w3[:, 0]
    d2 = u2 * s2
    u1 = d2 @ w2.T
    d1 = u1 * s1

    # A step of each task, and the error after it.
    xs, es = x.reshape(tasks, shots, 1), e.reshape(tasks, shots, 1)
    h1s, h2s, d1s, d2s = [a.reshape(tasks, shots, units) for a in (h1, h2, d1, d2)]
    w1_, b1_ = w1 - maml.INNER * (xs.mT @ d1s), b1 - maml.INNER * d1s.sum(axis=1, keepdims=True)
    w2_, b2_ = w2 - maml.INNER * (h1s.mT @ d2s), b2 - maml.INNER * d2s.sum(axis=1, keepdims=True)
    w3_, b3_ = w3 - maml.INNER * (h2s.mT @ es), b3 - maml.INNER * es.sum(axis=1, keepdims=True)
    z = new[:, :, None] / 2.5
    k1 = np.tanh(z * w1_ + b1_)
    k2 = np.tanh(k1 @ w2_ + b2_)
    r = k2 @ w3_ + b3_ - y_new[:, :, None]
    value = np.vdot(r, r) / r.size

    # V, a matrix a task.
    c = r * (2 / r.size)
    p2 = (c * w3_.mT) * (1 - k2 * k2)
    p1 = (p2 @ w2_.mT) * (1 - k1 * k1)
    v1, v2, v3 = z.mT @ p1, k1.mT @ p2, k2.mT @ c
    a1, a2, a3 = [p.sum(axis=1, keepdims=True) for p in (p1, p2, c)]

    # H V, summed over tasks.
    Rh1 = (xs * v1 + a1).reshape(-1, units) * s1
    Rh2 = (Rh1 @ w2 + (h1s @ v2 + a2).reshape(-1, units)) * s2
    Re = (Rh2 @ w3 + (h2s @ v3 + a3).reshape(-1, 1)) * (2 / shots)
    Ru2 = Re * w3[:, 0] + (es * v3.mT).reshape(-1, units)
    Rd2 = Ru2 * s2 - 2 * u2 * h2 * Rh2
    Ru1 = Rd2 @ w2.T + (d2s @ v2.mT).reshape(-1, units)
    Rd1 = Ru1 * s1 - 2 * u1 * h1 * Rh1
    products = (x.T @ Rd1, Rd1.sum(0), Rh1.T @ d2 + h1.T @ Rd2, Rd2.sum(0), Rh2.T @ e + h2.T @ Re, Re.sum(0))
    slopes = [(v1, a1[:, 0]), (v2, a2[:, 0]), (v3, a3[:, 0])]
    pairs = zip([part for layer in slopes for part in layer], products, strict=True)
    return value, [v.sum(axis=0) - maml.INNER * product for v, product in pairs]


# ---- three bodies --------------------------------------------------------------------------------------------------
def eight_loops() -> tuple[Loop, Loop]:
    """Three bodies: a step of Levenberg and Marquardt, with the gap and its Jacobian through the simulation."""

    def ours() -> Iterator[Any]:
        return chain.from_iterable(figure_eight.closing() for _ in repeat(None))

    def hand() -> Iterator[Any]:
        while True:
            numbers, damping = figure_eight.GUESS, 1.0
            r, J = gap_by_hand(numbers)
            for _ in range(6):
                trial = numbers - np.linalg.solve(J.T @ J + damping * np.eye(3), J.T @ r)
                after, slopes = gap_by_hand(trial)
                if after @ after < r @ r:
                    numbers, r, J, damping = trial, after, slopes, damping / 10
                else:
                    damping *= 4
                yield float(np.linalg.norm(r)), numbers

    return ours, hand


def pull_by_hand(x: Any) -> Any:
    """Accelerations, and their tangents: of (1 + 3, 3, 2), the places first and then three tangents of them."""
    d = x[:, None, :, :] - x[:, :, None, :]
    squares = np.einsum("ijk,tijk->tij", d[0], d)
    own = squares[0] + np.eye(3)
    power = own**-1.5
    bend = squares * (-3 * power / own)  # d(s^-3/2) = -3/2 s^-5/2 ds, where ds = 2 d·ḋ
    bend[0] = 0
    return np.einsum("ij,tijk->tik", power, d) + np.einsum("tij,ijk->tik", bend, d[0])


def gap_by_hand(numbers: Any) -> tuple[Any, Any]:
    """The gap, and its derivatives by the two velocities and the period: the simulation with its tangents."""
    time, count = numbers[2] / (3 * figure_eight.STEPS), figure_eight.STEPS
    shares = np.array([1.0, 1.0, -2.0])[:, None]
    start = np.zeros((2, 4, 3, 2))  # places and velocities, each with three tangents
    start[0, 0], start[1, 0] = figure_eight.PLACES, shares * numbers[:2]
    start[1, 1, :, :1] = start[1, 2, :, 1:] = shares

    def slope(y: Any) -> Any:
        return np.stack([y[1], pull_by_hand(y[0])])

    def moved(y: Any, k: Any, share: float) -> Any:
        y = y + share * time * k
        y[:, 3] += share / (3 * count) * k[:, 0]  # the step itself moves with the period
        return y

    y = start
    for _ in range(count):
        k1 = slope(y)
        k2 = slope(moved(y, k1, 0.5))
        k3 = slope(moved(y, k2, 0.5))
        k4 = slope(moved(y, k3, 1.0))
        y = moved(y, k1 + 2 * (k2 + k3) + k4, 1 / 6)
    gap = y - start[:, :, figure_eight.NEXT]
    gap = gap.swapaxes(0, 1).reshape(4, 12)
    return gap[0], gap[1:].T


# ---- an epidemic ---------------------------------------------------------------------------------------------------
def influenza_loops() -> tuple[Loop, Loop]:
    """The fit of an epidemic: SciPy's least squares, with residuals and Jacobians through adaptive steps."""
    options: dict[str, Any] = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12}

    def ours() -> Iterator[Any]:
        return (influenza.fit(influenza.IN_BED) for _ in repeat(None))

    def hand() -> Iterator[Any]:
        def residual(numbers: Any) -> Any:
            return ill_by_hand(numbers, False)[:, 0] - influenza.IN_BED

        def slope(numbers: Any) -> Any:
            return ill_by_hand(numbers, True)[:, 1:]

        return (least_squares(residual, influenza.GUESS, slope, **options).x for _ in repeat(None))

    return ours, hand


#: Dormand and Prince's coefficients: of the stages, and of the error.
STAGES = [np.array(row) for row in ((1 / 5,), (3 / 40, 9 / 40), (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84))]  # fmt: skip
ERROR = np.array((-71 / 57600, 0.0, 71 / 16695, -71 / 1920, 17253 / 339200, -22 / 525, 1 / 40))


def ill_by_hand(numbers: Any, tangents: bool) -> Any:
    """How many are ill on each day; beside it, if asked for, the derivatives by the three numbers."""
    beta, gamma, first = numbers
    rate = beta / influenza.BOYS

    def plain(y: Any) -> Any:
        infected = rate * y[0, 0] * y[1, 0]
        return np.array([[-infected], [infected - gamma * y[1, 0]]])

    def slope(y: Any) -> Any:
        s, i = y
        infected = rate * (s[0] * i + s * i[0])
        infected[0] /= 2
        infected[1] += s[0] * i[0] / influenza.BOYS
        healed = gamma * i
        healed[2] += i[0]
        return np.stack([-infected, infected - healed])

    start = np.array([[influenza.BOYS - first, 0.0, 0.0, -1.0], [first, 0.0, 0.0, 1.0]])
    ys = marched(slope, start, influenza.DAYS, 1e-6) if tangents else marched(plain, start[:, :1], influenza.DAYS, 1e-6)
    return ys[:, 1]


def marched(f: Callable[[Any], Any], y: Any, times: Any, tolerance: float) -> Any:
    """The solution at each time by Dormand and Prince's adaptive steps; errors are those of column 0."""
    found, k = [y], np.empty((7, *y.shape))
    flat, t, refused = k.reshape(7, -1), times[0], False
    k[0] = f(y)
    length = beginning(f, y, k[0], times[-1] - t, tolerance)
    for end in times[1:]:
        while t < end:
            last = length >= end - t
            step = end - t if last else length
            for i, row in enumerate(STAGES, 1):
                new = y + (step * row @ flat[:i]).reshape(y.shape)
                k[i] = f(new)
            scale = tolerance + tolerance * np.maximum(np.abs(y[:, 0]), np.abs(new[:, 0]))
            ratio = step * (ERROR @ k[:, :, 0]) / scale
            wrong = np.sqrt(ratio @ ratio / len(ratio))
            factor = min(max(0.9 * max(wrong, 1e-10) ** -0.2, 0.2), 1.0 if refused or wrong > 1 else 10.0)
            refused = wrong > 1
            length = max(length, step * factor) if last and not refused else step * factor
            if not refused:
                t, y = end if last else t + step, new
                k[0] = k[6]
        found.append(y)
    return np.array(found)


def beginning(f: Callable[[Any], Any], y: Any, k: Any, left: float, tolerance: float) -> float:
    """The length of the first step: Hairer, Nørsett and Wanner's algorithm of II.4."""
    scale = tolerance + tolerance * np.abs(y[:, 0])

    def size(a: Any) -> Any:
        return np.sqrt(np.mean((a / scale) ** 2))

    value, slope = size(y[:, 0]), size(k[:, 0])
    h = min(1e-6 if value < 1e-5 or slope < 1e-5 else 0.01 * value / slope, left)
    steep = max(slope, size((f(y + h * k) - k)[:, 0]) / h)
    other = max(1e-6, 1e-3 * h) if steep <= 1e-15 else (0.01 / steep) ** 0.2
    return float(min(100 * h, other, left))


# ---- the smallest --------------------------------------------------------------------------------------------------
def descent_loops() -> tuple[Loop, Loop]:
    """The minimum of a parabola: a thousand updates."""

    def ours() -> Iterator[Any]:
        return (descent.places(descent.START, 1e-3, updates=1000).tolist() for _ in repeat(None))

    def hand() -> Iterator[Any]:
        while True:
            places = [a := descent.START]
            for _ in range(1000):
                a -= 1e-3 * (2 * descent.X * a + 1)
                places.append(a)
            yield places

    return ours, hand


def neuron_loops() -> tuple[Loop, Loop]:
    """One neuron: its answer, and the slope in each of its numbers, as a dict."""

    def ours() -> Iterator[Any]:
        return (neuron.gradients() for _ in repeat(None))

    def hand() -> Iterator[Any]:
        return (neuron_by_hand(neuron.NUMBERS) for _ in repeat(None))

    return ours, hand


def neuron_by_hand(p: dict[str, float]) -> tuple[float, dict[str, float]]:
    """o = tanh(x₁w₁ + x₂w₂ + b), whose slope is 1 - o² times the other factor."""
    o = float(np.tanh(p["x1"] * p["w1"] + p["x2"] * p["w2"] + p["b"]))
    s = 1 - o * o
    return o, {"x1": s * p["w1"], "x2": s * p["w2"], "w1": s * p["x1"], "w2": s * p["x2"], "b": s}


LOOPS: dict[str, Callable[[], tuple[Loop, Loop]]] = {
    "MAML": maml_loops,
    "figure of eight": eight_loops,
    "influenza": influenza_loops,
    "descent": descent_loops,
    "neuron": neuron_loops,
}


def check() -> None:
    """The gradients by hand are ours."""
    layers, task = maml.initial(random.key(0)), maml.sines(random.key(1))
    value, slope = jit(value_and_grad(maml.loss))(layers, task)
    hand, slopes = maml_by_hand(tree.leaves(layers), task.x, task.y, task.x_new, task.y_new)
    np.testing.assert_allclose(hand, value, rtol=1e-10)
    for one, other in zip(slopes, tree.leaves(slope), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12)
    r, J = gap_by_hand(figure_eight.GUESS)
    np.testing.assert_allclose(r, figure_eight.gap(figure_eight.GUESS), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(J, jacfwd(figure_eight.gap)(figure_eight.GUESS), rtol=1e-7, atol=1e-9)
    for numbers in (influenza.GUESS, np.array([1.66, 0.44, 1.3])):
        np.testing.assert_allclose(ill_by_hand(numbers, False)[:, 0], influenza.ill(numbers), rtol=1e-9)
        wanted = jacfwd(influenza.ill)(numbers)
        np.testing.assert_allclose(ill_by_hand(numbers, True)[:, 1:], wanted, rtol=1e-7, atol=1e-9)
    a, hand_neuron = neuron.gradients(), neuron_by_hand(neuron.NUMBERS)
    np.testing.assert_allclose(tree.leaves(hand_neuron), tree.leaves(a), rtol=1e-12, atol=1e-15)
    ours, hand = descent_loops()
    np.testing.assert_allclose(next(hand()), next(ours()), rtol=1e-12)
