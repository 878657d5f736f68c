"""Ordinary Python under a transform: control flow, threads, long loops, and nothing left behind."""

import contextlib
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from math import cos, sin
from queue import Queue
from weakref import ref

import numpy as np
import pytest

from funcgrad import grad, hessian, jvp, linearize, stop_gradient, vmap
from tests.answers import same

B = np.array([1.0, 2.0, 4.0])


# ---- ordinary Python under a transform ------------------------------------------------------------------------------
class TestOrdinaryPython:
    """Control flow on known values is Python's own."""

    def test_if_while_for(self):
        def f(x):
            total = 0.0 * x
            while total < 10:
                total = total + x if x > 0 else total - x
            return total * x

        same(grad(f)(3.0), 24.0)  # 4x²
        same(grad(f)(-3.0), 24.0)  # -4x²
        same(hessian(f)(3.0), 8.0)

    def test_recursion(self):
        def power(x, n):
            return 1.0 if n == 0 else x * power(x, n - 1)

        same(grad(power)(2.0, 5), 80.0)
        same(grad(grad(power))(2.0, 5), 160.0)

    def test_generators_and_comprehensions(self):
        same(grad(lambda x: sum(x**k for k in range(4)))(2.0), 1.0 + 4.0 + 12.0)
        same(grad(lambda x: sum(v * v for v in x))(B), 2 * B)
        same(grad(lambda x: max(x))(B), [0.0, 0.0, 1.0])
        same(grad(lambda x: sorted(x)[0])(B), [1.0, 0.0, 0.0])

    def test_closures_and_default_arguments(self):
        def outer(w):
            scale = w * w

            def inner(x, s=scale):
                return x * s

            return grad(inner)(2.0) + inner(3.0)

        same(grad(outer)(2.0), 4.0 + 12.0)

    def test_exceptions_that_are_caught(self):
        def f(x):
            try:
                if x > 1:
                    raise ValueError(x)
            except ValueError as error:
                return error.args[0] ** 2
            return x

        same(grad(f)(3.0), 6.0)

    def test_exceptions_that_are_not(self):
        def f(x):
            return grad(lambda y: y * x * {}["missing"])(x)

        for _ in range(3):
            with pytest.raises(KeyError, match="missing"):
                grad(f)(2.0)
            with pytest.raises(KeyError, match="missing"):
                vmap(f)(B)
            same(grad(lambda x: grad(lambda y: y * y * x)(x))(2.0), 8.0)

    def test_a_context_manager_that_swallows(self):
        def f(x):
            y = x
            with contextlib.suppress(ZeroDivisionError):
                y = y * y
                1 / 0  # REASON: provoked
            return y

        same(grad(f)(3.0), 6.0)

    def test_other_arguments_pass_untouched(self):
        def f(x, mode, *rest, scale=1.0, config=None):
            assert mode == "square"
            assert rest == (None, {"n": 3}, print)
            return x ** len(mode[:2]) * scale * config["n"]

        same(grad(f)(3.0, "square", None, {"n": 3}, print, scale=2.0, config={"n": 5}), 60.0)

    def test_traced_values_as_keys_and_members(self):
        def f(x):
            y = x * x
            table = {x: 2.0, y: 3.0}
            assert x in {x, y}
            return table[x] * x + table[y] * y

        same(grad(f)(5.0), 32.0)

    def test_formatting(self):
        said = []
        grad(lambda x: said.append(f"{x} {x:.2f} {x.value!r} {x!r}") or x)(3.14159)
        assert said == ["3.14159 3.14 3.14159 Node(3.14159)"]

    def test_stop_gradient_at_every_order(self):
        same(grad(lambda x: stop_gradient(x) * x)(3.0), 3.0)
        same(grad(grad(lambda x: stop_gradient(x * x) * x))(3.0), 0.0)
        same(jvp(lambda x: stop_gradient(x) * x, (3.0,), (1.0,))[1], 3.0)


# ---- calls that do not nest -----------------------------------------------------------------------------------------
class Suspended:
    """grad(f) in a thread of its own, where f waits for its second argument."""

    def __init__(self, f, x):
        self.given, self.answer = Queue(), Queue()
        self.thread = threading.Thread(target=lambda: self.answer.put(grad(lambda x: f(x, self.given.get()))(x)))
        self.thread.start()

    def resume(self, y):
        self.given.put(y)
        self.thread.join(10)
        return self.answer.get(timeout=10)


def test_a_call_suspended_in_a_thread_and_finished_inside_another():
    """∂/∂b of ∂(a² b)/∂a at a = 3 is 6, though the call over a began outside of that over b."""
    same(grad(lambda b: Suspended(lambda a, b: a * a * b, 3.0).resume(b))(5.0), 6.0)
    outer = Suspended(lambda a, b: a * a * b, 3.0)
    same(grad(lambda b: outer.resume(b))(5.0), 6.0)


def test_a_call_suspended_before_another_and_finished_after_it():
    outer = Suspended(lambda a, b: a * a * b, 3.0)
    same(grad(lambda b: b**3)(2.0), 12.0)
    same(outer.resume(5.0), 30.0)


def test_generators_that_interleave():
    """Two functions that take turns; each is differentiated, and neither sees the other."""

    def squares(x):
        y = x
        while True:
            y = y * x
            yield y

    def f(x):
        one, other = squares(x), squares(2.0)
        inner = grad(lambda z: sum(next(g) for g in (squares(z), squares(x), other, one)))(3.0)
        return next(one) * inner

    same(grad(f)(1.5), 6.0 * 3 * 1.5**2)  # x³ · ∂(z² + …)/∂z


def test_a_generator_that_outlives_its_call_gives_numbers_only_to_others():
    kept = []

    def values(x):
        while True:
            yield x * x

    def f(x):
        kept.append(values(x))
        return next(kept[-1])

    same(grad(f)(3.0), 6.0)
    same(grad(lambda y: y * next(kept[0]))(2.0), 9.0)


def test_threads_do_not_see_each_other():
    def job(x):
        slope = grad(lambda a: grad(lambda b: np.sin(a * b) * b)(a))
        return [slope(x + k) for k in range(60)]

    points = [0.1 * k for k in range(16)]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(job, points)) == list(map(job, points))


def test_a_function_that_uses_threads():
    def f(x):
        with ThreadPoolExecutor(4) as pool:
            return sum(pool.map(lambda k: np.sin(x * k), range(4)))

    same(grad(f)(0.5), sum(k * cos(0.5 * k) for k in range(4)))
    same(grad(grad(f))(0.5), -sum(k * k * sin(0.5 * k) for k in range(4)))


# ---- memory and depth: what reads keep is tests/laws/test_reads.py --------------------------------------------------
def graph_of(x):
    """A weak reference that lives as long as any part of the graph that x belongs to."""
    (call, *_) = x.history.calls
    return ref(call)


def test_a_chain_of_a_million_operations():
    """No recursion, neither forwards, nor backwards, nor when the graph is torn down."""
    seen = []

    def f(x):
        for k in range(1_000_000):
            x = x + 1.0
            if k % 250_000 == 0:
                seen.append(graph_of(x))
        return x

    assert grad(f)(2.0) == 1.0
    assert [r() for r in seen] == [None] * 4


def test_a_fan_out_of_a_million():
    def f(x):
        total = 0.0
        for _ in range(1_000_000):
            total = total + x
        return total

    assert grad(f)(2.0) == 1_000_000.0


def test_a_long_chain_pushed_forward_linearized_and_batched():
    def f(x):
        for _ in range(20_000):
            x = x + 0.5
        return x * x

    assert jvp(f, (2.0,), (1.0,)) == (10_002.0**2, 20_004.0)
    assert linearize(f, 2.0)[1](1.0) == 20_004.0
    same(vmap(f)(np.array([2.0])), [10_002.0**2])
    assert grad(grad(f))(2.0) == 2.0


def test_a_graph_is_freed_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        seen = []
        grad(lambda x: seen.append(graph_of(x)) or np.sum(np.sin(x) * x))(np.ones(3))
        jvp(lambda x: seen.append(graph_of(x)) or np.sum(np.sin(x) * x), (np.ones(3),), (np.ones(3),))
        grad(grad(lambda x: seen.append(graph_of(x)) or np.sin(x) * x))(2.0)
        assert [r() for r in seen] == [None] * 3
    finally:
        gc.enable()
