"""Where arrays meet traced values: they change, hold objects, belong to others, and are handed out again."""

import contextlib

import numpy as np
import pytest

from funcgrad import grad, hessian, jacfwd, jacobian, jacrev, jvp, linearize, value_and_grad, vjp, vmap
from funcgrad.errors import BadAnswer, BadArgument, FuncgradError, ImmutableValue, LostDerivative, UnsupportedFunction
from tests.answers import same

B = np.array([1.0, 2.0, 4.0])
#: More than what is copied.
MANY = 10_000


# ---- arrays that change ---------------------------------------------------------------------------------------------
class TestChangingArrays:
    """A graph owns what it holds: small arrays are copied, large ones cannot be written to while they are needed."""

    def test_a_work_buffer_written_in_a_loop(self):
        def f(x):
            buffer, total = np.zeros(3), 0.0
            for i in range(3):
                buffer[:] = i + 1
                total = total + np.sum(x * buffer)
            return total

        same(grad(f)(np.ones(3)), [6.0, 6.0, 6.0])
        same(jvp(f, (np.ones(3),), (np.ones(3),))[1], 18.0)

    def test_a_work_buffer_beside_an_array(self):
        buffer = np.ones(3)

        def f(x):
            y = x * 0.0
            for k in range(3):
                buffer[:] = k + 1.0
                y = y + x * buffer
            return np.sum(y)

        same(grad(f)(np.ones(3)), [6.0, 6.0, 6.0])

    @pytest.mark.parametrize("size", [3, MANY])
    def test_an_argument_changed_between_vjp_and_its_pullback(self, size):
        a = np.full(size, 3.0)
        _, pull = vjp(lambda x: x * x, a)
        a[:] = 0.0
        same(pull(np.ones(size))[0], np.full(size, 6.0))

    @pytest.mark.parametrize("size", [3, MANY])
    def test_a_captured_array_changed_between_linearize_and_its_use(self, size):
        a = np.full(size, 3.0)
        _, lin = linearize(lambda x: x * a, np.ones(size))
        _, pull = vjp(lambda x: x * a, np.ones(size))
        a[:] = 0.0
        same(lin(np.ones(size)), np.full(size, 3.0))
        same(pull(np.ones(size))[0], np.full(size, 3.0))

    def test_a_cotangent_changed_after_its_pullback(self):
        bar = np.ones(3)
        _, pull = vjp(lambda x: x, np.ones(3))
        (answer,) = pull(bar)
        answer[:] = 5.0
        same(bar, np.ones(3))

    def test_a_large_captured_array_is_locked_while_the_call_runs(self):
        big = np.ones(MANY)

        def f(x):
            y = np.sum(x * big)
            big[0] = 5.0
            return y

        with pytest.raises(ValueError, match="read-only") as caught:
            grad(f)(2.0)
        (note,) = caught.value.__notes__
        assert "differentiating a function that holds this array" in note
        assert "until the call ends" in note
        assert "buffer = np.zeros(n) inside the loop" in note
        big[0] = 5.0
        same(grad(lambda x: np.sum(x * big))(2.0), MANY + 4.0)

    def test_the_array_of_which_a_captured_one_is_a_view_is_locked_too(self):
        base = np.ones((2, MANY))
        row = base[1]

        def f(x):
            y = np.sum(x * row)
            base[1, 0] = 5.0
            return y

        with pytest.raises(ValueError, match="read-only"):
            grad(f)(2.0)
        base[1, 0] = row[1] = 2.0
        assert base.flags.writeable
        assert row.flags.writeable

    def test_two_calls_may_hold_views_of_one_array(self):
        """The inner call cannot unlock its view while the outer one has locked the base: it holds a copy."""
        base = np.ones(2 * MANY)
        row = base[MANY:]

        def f(x):
            y = np.sum(x * base)
            return y + grad(lambda z: np.sum(z * row))(1.0)

        assert grad(f)(1.0) == base.size
        assert base.flags.writeable
        assert row.flags.writeable

    def test_a_lock_ends_with_an_exception(self):
        big = np.ones(MANY)

        def f(x):
            y = x * big
            raise KeyError(y.shape)

        for transform in (grad(f), lambda x: jvp(f, (x,), (x,)), jacfwd(f), lambda x: vmap(f)(np.ones(2))):
            with pytest.raises(KeyError):
                transform(2.0)
            assert big.flags.writeable

    def test_a_lock_lasts_as_long_as_the_outermost_call(self):
        big = np.ones(MANY)

        def f(x):
            inner = grad(lambda y: np.sum(x * y * big))(2.0)
            assert not big.flags.writeable
            return inner

        same(grad(f)(3.0), float(MANY))
        assert big.flags.writeable

    def test_an_array_that_was_read_only_stays_so(self):
        big = np.ones(MANY)
        big.flags.writeable = False
        same(grad(lambda x: np.sum(x * big))(2.0), float(MANY))
        assert not big.flags.writeable

    def test_an_argument_is_writeable_again(self):
        for a in (np.ones(3), np.ones(MANY)):
            grad(np.sum)(a)
            vjp(np.sin, a)
            vmap(np.sin)(a)
            a[0] = 2.0

    def test_memory_of_others_is_read_right(self):
        """A buffer that is not NumPy's cannot be locked for good: it is copied."""
        memory = bytearray(np.ones(MANY).tobytes())
        view = np.frombuffer(memory)
        same(grad(lambda x: np.sum(x * view))(2.0), float(MANY))
        view[0] = 2.0
        same(grad(lambda x: np.sum(x * view))(2.0), MANY + 1.0)


# ---- containers of traced values ------------------------------------------------------------------------------------
class TestContainers:
    """That an answer is no traced value means that its derivative is zero only where it is a number."""

    def test_a_list_is_no_scalar(self):
        with pytest.raises(BadAnswer, match="a list of 1 values"):
            grad(lambda x: [x * x])(3.0)

    def test_an_array_of_traced_values(self):
        with pytest.raises(LostDerivative, match=r"np\.stack"):
            grad(lambda x: np.array([x, x]) * 2)(1.0)

    def test_an_object_array_that_holds_a_traced_value(self):
        def f(x):
            a = np.zeros(3, object)
            a[0] = x
            return a * 2

        with pytest.raises(FuncgradError):
            grad(f)(1.0)
        with pytest.raises(FuncgradError):
            jacobian(f)(1.0)
        with pytest.raises(FuncgradError):
            jvp(f, (1.0,), (1.0,))

    def test_an_object_array_that_meets_a_traced_value(self):
        with pytest.raises(BadArgument, match="object"):
            grad(lambda x: np.sum(np.array([1.0, None], object) * x))(1.0)
        with pytest.raises(BadArgument, match="object"):
            grad(lambda x: np.sum(x * np.array([1.0, 2.0], object)))(1.0)

    def test_an_object_array_as_argument(self):
        with pytest.raises(BadArgument, match="dtype object"):
            grad(lambda x: 1.0)(np.array([1.0, 2.0], object))

    @pytest.mark.parametrize("answer", [1, True, 1 + 2j, np.int64(3), np.ones(2), np.bool_(True)])
    def test_only_a_real_scalar_has_a_gradient(self, answer):
        with pytest.raises(BadAnswer):
            grad(lambda x: answer)(3.0)
        with pytest.raises(BadAnswer):
            value_and_grad(lambda x: answer)(3.0)

    def test_a_complex_scalar_has_none(self):
        with pytest.raises(BadAnswer, match="holomorphic"):
            grad(lambda x: x * (1 + 2j))(3.0)


# ---- dispatch that ignores half the call ----------------------------------------------------------------------------
class TestWholeCalls:
    """A ufunc is called with a method and with options: none of them is overlooked."""

    def test_outer_is_not_multiply(self):
        x, b = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
        same(jacrev(lambda x: np.multiply.outer(x, b))(x), np.multiply.outer(np.eye(2), b).transpose(0, 2, 1))
        assert vmap(lambda x: np.multiply.outer(x, b))(np.ones((3, 2))).shape == (3, 2, 3)

    @pytest.mark.parametrize(
        "call",
        [
            lambda x: np.multiply(x, x, out=np.zeros(2)),
            lambda x: np.add(x, x, where=np.array([True, False])),
            lambda x: np.add(x, x, dtype=np.float32),
            lambda x: np.add(x, 1, casting="unsafe"),
            lambda x: np.add.reduceat(x, [0, 1]),
            lambda x: np.sum(x, out=np.zeros(())),
            lambda x: np.sum(x, where=[True, False]),
            lambda x: np.sum(x, dtype=np.float32),
            lambda x: np.add.reduce(x, dtype=np.float32),
            lambda x: np.mean(x, dtype=np.float32),
            lambda x: np.max(x, initial=9.0),
        ],
    )
    def test_options_are_refused_or_heeded(self, call):
        """Refused, or the very value that NumPy gives."""
        x = np.array([1.0, 2.0])
        with contextlib.suppress(UnsupportedFunction, ImmutableValue):
            y, _ = jvp(call, (x,), (x,))
            assert np.asarray(y).dtype == np.asarray(call(x)).dtype
            same(y, call(x))

    def test_full_like_and_copyto_do_not_drop_a_derivative(self):
        for f in (lambda x: np.full_like(np.zeros(3), x), lambda x: np.copyto(np.zeros(3), x), lambda x: np.full(3, x)):
            with pytest.raises((ImmutableValue, LostDerivative), match=r"Write|take"):
                grad(lambda x: np.sum(f(x)))(2.0)  # noqa: B023  # REASON: called at once

    @pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # that of np.matrix
    @pytest.mark.parametrize("meet", [lambda x, m: x * m, lambda x, m: m * x, np.add, lambda x, m: np.add(m, x)])
    def test_foreign_arrays_are_refused(self, meet):
        masked = np.ma.array([1.0, 2.0], mask=[True, False])
        matrix = np.asmatrix([[1.0, 2.0]])
        for foreign in (masked, matrix):
            # NumPy's own operator of a masked array on the left asks for a plain array, and does not ask us.
            with pytest.raises(TypeError, match=f"{type(foreign).__name__}|would drop its derivative"):
                grad(lambda x: np.sum(meet(x, foreign)))(np.ones(2))  # noqa: B023  # REASON: called at once

    def test_sparse_matrices_are_refused_but_in_products(self):
        sparse = pytest.importorskip("scipy.sparse")
        matrix = sparse.csr_array(np.eye(2))
        for f in (lambda x: matrix @ x, lambda x: x @ matrix):
            same(grad(lambda x: np.sum(f(x)))(np.ones(2)), np.ones(2))  # noqa: B023  # REASON: called at once
        for f in (lambda x: x * matrix, lambda x: matrix * x, lambda x: x + matrix, lambda x: matrix - x):
            with pytest.raises((TypeError, ValueError)):
                grad(lambda x: np.sum(f(x)))(np.ones(2))  # noqa: B023  # REASON: called at once

    def test_other_classes_get_their_turn(self):
        class Other:
            def __radd__(self, x):
                return x * 10.0

            __array_ufunc__ = None

        same(grad(lambda x: x + Other())(2.0), 10.0)

    def test_adding_to_an_array_in_place_is_refused(self):
        def f(x):
            a = np.zeros(3)
            b = a
            a += x
            return np.sum(a * b)

        with pytest.raises(ImmutableValue, match=r"a = a \+ x"):
            grad(f)(np.ones(3))

    def test_adding_to_a_traced_value_rebinds_it(self):
        def f(x):
            y = x
            y += x
            y *= x
            return np.sum(y) + 0 * np.sum(x)

        same(grad(f)(np.ones(3)), np.full(3, 4.0))

    @pytest.mark.parametrize(
        "leak",
        [
            lambda x: np.array([x, x]),
            lambda x: np.asarray(x),
            lambda x: np.array([[1.0, x]]),
            lambda x: np.full(3, x),
            lambda x: np.fromiter([x], float),
            lambda x: np.vectorize(abs)(x),
            lambda x: float(x),
            lambda x: int(x),
            lambda x: complex(x),
            lambda x: round(x),
            lambda x: sum([1.0], x).item(),
            lambda x: np.zeros(3).fill(x),
            lambda x: np.ones(3)[x],
            lambda x: np.zeros(x),
            lambda x: x.tolist(),
            lambda x: np.random.default_rng(0).normal(x),
            lambda x: np.linspace(0, x, 3).tolist(),
            lambda x: memoryview(x),
            lambda x: bytes(x),
            lambda x: range(x),
            lambda x: [1, 2][x],
            lambda x: np.ma.array([x]),
        ],
    )
    def test_what_would_drop_a_derivative_raises(self, leak):
        with pytest.raises((TypeError, ValueError)):
            grad(lambda x: np.sum(leak(x)))(2.0)

    def test_storing_into_an_array_raises(self):
        def store(x, i):
            z = np.zeros((2, 2))
            z[i] = x
            return np.sum(z)

        for i in ((0, 0), 0, slice(None), (slice(None), 0), np.array([True, False])):
            with pytest.raises((TypeError, ValueError)):
                grad(store)(2.0, i)
            with pytest.raises((TypeError, ValueError)):
                vmap(lambda x: store(x, i))(np.ones(2))  # noqa: B023  # REASON: called at once


# ---- Python's numbers -----------------------------------------------------------------------------------------------
class TestWeakNumbers:
    """A Python number gives way to the dtype it meets, traced or not."""

    a = np.ones(3, np.float32)

    def test_a_rate_that_is_a_python_float_leaves_a_model_as_it_is(self):
        dtypes = []
        grad(lambda rate: dtypes.append(((rate * rate) * self.a).dtype) or np.sum((rate * rate) * self.a))(2.0)
        grad(lambda rate: dtypes.append((-(abs(2 * rate - 1) ** 2) / 3 % 5 // 1 * self.a).dtype) or rate)(2.0)
        assert dtypes == [np.float32, np.float32]

    def test_a_strong_number_does_not_give_way(self):
        dtypes = []
        grad(lambda rate: dtypes.append((rate * self.a).dtype) or np.sum(rate * self.a))(np.float64(2.0))
        grad(lambda rate: dtypes.append((np.multiply(rate, rate) * self.a).dtype) or rate)(2.0)
        assert dtypes == [np.float64, np.float64]

    def test_seeds_and_zeros_have_the_dtype_of_what_they_belong_to(self):
        assert grad(np.sum)(self.a).dtype == np.float32
        assert grad(lambda x: np.float32(1))(self.a).dtype == np.float32
        assert grad(lambda x: np.sum(x, dtype=None))(self.a).dtype == np.float32
        assert jvp(lambda x: self.a, (2.0,), (1.0,))[1].dtype == np.float32
        assert hessian(lambda x: np.sum(x**2))(self.a).dtype == np.float32

    def test_answers_have_the_class_of_the_plain_ones(self):
        for f, x in (
            (lambda x: x * x, 2.0), (np.sin, 2.0), (np.sum, B), (lambda x: x.reshape(()), np.ones(1)),
            (lambda x: x * 2, np.array(2.0)), (lambda x: x[0], B), (lambda x: x * 2, np.float32(2)),
        ):  # fmt: skip
            assert type(jvp(f, (x,), (x,))[0]) is type(f(x))
            assert type(vjp(f, x)[0]) is type(f(x))


# ---- fresh results: see also tests/laws/test_fresh.py ---------------------------------------------------------------
def test_gradients_can_be_written_to():
    g = grad(np.sum)(np.ones(3))
    g *= 0.1
    same(g, np.full(3, 0.1))
    one, other = grad(lambda x, y: np.sum(x + y), argnums=(0, 1))(np.ones(3), np.ones(3))
    one[0] = 9.0
    same(other, np.ones(3))


def test_a_mapped_identity_is_a_copy():
    xs = np.ones(3)
    vmap(lambda x: x)(xs)[0] = 7.0
    vmap(lambda x: x, in_axes=None, axis_size=2)(xs)[0] = 7.0
    vmap(lambda x, y: y, in_axes=(0, None), out_axes=None)(xs, xs)[0] = 7.0
    same(xs, np.ones(3))


def test_results_of_the_same_value_are_apart():
    a = np.ones(3)
    (one, other), _ = jvp(lambda x: (x, x), (a,), (a,))
    one[0] = 9.0
    same(other, np.ones(3))
    same(a, np.ones(3))
    (y, z), _ = vjp(lambda x: (x.T, a), a)
    y[0] = z[0] = 9.0
    same(a, np.ones(3))
