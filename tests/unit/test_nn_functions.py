"""Activations, softmax and losses of funcgrad.nn: values, slopes, extremes, dtypes and refusals."""

from math import erf, exp, log, log1p, sqrt, tanh

import numpy as np
import pytest

from funcgrad import grad, jit, nn, vmap
from funcgrad.errors import BadArgument, UnsupportedFunction
from funcgrad.primitives.activating import NormalDistribution
from funcgrad.testing import check_grads
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
POINTS = np.array([-5.0, -2.5, -0.3, 0.2, 1.7, 4.0])
EXTREMES = np.array([-1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4])


def softplus(x):
    return max(x, 0) + log1p(exp(-abs(x)))


def sigmoid(x):
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def elu(x, alpha=1.0):
    return x if x > 0 else alpha * (exp(x) - 1)


def relu6(x):
    return min(max(x, 0), 6)


#: Each activation, and the same of one number by Python's own functions.
BY_HAND = {
    "identity": lambda x: x,
    "relu": lambda x: max(x, 0),
    "relu6": relu6,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "log_sigmoid": lambda x: -softplus(-x),
    "soft_sign": lambda x: x / (1 + abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "hard_sigmoid": lambda x: relu6(x + 3) / 6,
    "hard_silu": lambda x: x * relu6(x + 3) / 6,
    "hard_swish": lambda x: x * relu6(x + 3) / 6,
    "hard_tanh": lambda x: min(max(x, -1), 1),
    "elu": elu,
    "celu": elu,
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "gelu": lambda x: x / 2 * (1 + tanh(sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "squareplus": lambda x: (x + sqrt(x * x + 4)) / 2,
    "mish": lambda x: x * tanh(softplus(x)),
}
#: The slopes at the extremes, as JAX 0.10 has them in 64 bits; of selu and squareplus the closed forms, of which it
#: loses digits.
SLOPES = {
    "relu": [0, 0, 0, 0, 1, 1, 1],
    "relu6": [0, 0, 0, 0, 0, 0, 0],
    "sigmoid": [0, 0, 4.248354255291589e-18, 0.25, 0, 0, 0],
    "softplus": [0, 0, 4.248354255291589e-18, 0.5, 1, 1, 1],
    "log_sigmoid": [1, 1, 1, 0.5, 4.248354255291589e-18, 0, 0],
    "soft_sign": [9.998000299960897e-09, 1.5586010620309e-06, 0.00059488399762, 1, 0.00059488399762,
                  1.5586010620309e-06, 9.998000299960897e-09],
    "silu": [0, 0, -1.65685815956372e-16, 0.5, 1, 1, 1],
    "leaky_relu": [0.01, 0.01, 0.01, 1, 1, 1, 1],
    "hard_sigmoid": [0, 0, 0, 1 / 6, 0, 0, 0],
    "hard_silu": [0, 0, 0, 0.5, 1, 1, 1],
    "hard_tanh": [0, 0, 0, 1, 0, 0, 0],
    "elu": [0, 0, 4.248354255291589e-18, 1, 1, 1, 1],
    "celu": [0, 0, 4.248354255291589e-18, 1, 1, 1, 1],
    "selu": [0, 0, 7.46902881591429e-18, 1.7580993408473766] + [1.0507009873554805] * 3,
    "gelu": [0, 0, 0, 0.5, 1, 1, 1],
    "squareplus": [9.9999997e-09, 1.5624926758193965e-06, 0.0006238305610776, 0.5, 0.9993761694389223,
                   0.9999984375073242, 0.99999999],
    "mish": [0, 0, -1.65685815956372e-16, 0.6, 1, 1, 1],
}  # fmt: skip
every_activation = pytest.mark.parametrize("name", BY_HAND)


@every_activation
def test_activations_by_hand(name):
    f = getattr(nn, name)
    np.testing.assert_allclose(f(POINTS), [BY_HAND[name](x) for x in POINTS], rtol=1e-13, atol=1e-15)
    assert f(np.float32(0.3)).dtype == f(POINTS.astype(np.float32)).dtype == np.float32
    assert f(POINTS[:0]).shape == (0,)
    np.testing.assert_allclose(f(0.2), f(POINTS)[3], rtol=1e-14)
    np.testing.assert_allclose(jit(f)(POINTS), f(POINTS), rtol=1e-13)


@every_activation
def test_slopes_of_activations_are_those_of_differences(name):
    check_grads(getattr(nn, name), (POINTS,), order=2)
    single = grad(lambda x: np.sum(getattr(nn, name)(x)))(POINTS.astype(np.float32))
    assert single.dtype == np.float32


@pytest.mark.parametrize("name", SLOPES)
def test_values_and_slopes_at_extremes_are_finite_and_right(name):
    f = getattr(nn, name)
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(f(EXTREMES)).all()
        slopes = vmap(grad(f))(EXTREMES)
        curves = vmap(grad(grad(f)))(EXTREMES)
    np.testing.assert_allclose(slopes, SLOPES[name], rtol=1e-9, atol=1e-30 if name != "sigmoid" else 1e-17)
    assert np.isfinite(curves).all()
    assert np.isfinite(grad(lambda x: np.sum(f(x)))(EXTREMES.astype(np.float32))).all()


def test_not_a_number_stays_one():
    with np.errstate(invalid="ignore"):
        found = {name: getattr(nn, name)(np.nan) for name in BY_HAND}
    assert [name for name, y in found.items() if not np.isnan(y)] == []


def test_options_of_activations():
    x = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(nn.leaky_relu(x, 0.5), [-1.0, 0.0, 3.0])
    np.testing.assert_allclose(nn.elu(x, 2.0), [2 * np.expm1(-2.0), 0.0, 3.0])
    np.testing.assert_allclose(nn.celu(x, 2.0), [2 * np.expm1(-1.0), 0.0, 3.0])
    assert grad(nn.celu)(0.0, 3.0) == 1.0
    np.testing.assert_allclose(nn.squareplus(x, 1.0), (x + np.sqrt(x * x + 1)) / 2, rtol=1e-15)
    np.testing.assert_allclose(nn.glu(np.array([[1.0, 2.0], [0.0, -1.0]]), 0), [[0.5, 2 * sigmoid(-1.0)]])
    assert float(nn.squareplus(-1e8)) == pytest.approx(1e-8, rel=1e-12)
    check_grads(lambda x, a: nn.elu(x, a) + nn.celu(x, a) + nn.leaky_relu(x, a), (POINTS, 0.7))


def test_exact_gelu_is_the_normal_distribution_times_x():
    want = [x * (1 + erf(x / sqrt(2))) / 2 for x in POINTS]
    np.testing.assert_allclose(nn.gelu(POINTS, approximate=False), want, rtol=1e-12, atol=1e-15)
    with np.errstate(all="raise", under="ignore"):
        assert nn.gelu(EXTREMES, approximate=False).tolist()[-3:] == [40.0, 800.0, 1e4]
        slopes = grad(lambda x: np.sum(nn.gelu(x, approximate=False)))(EXTREMES)
    assert slopes.tolist() == [0, 0, 0, 0.5, 1, 1, 1]


def test_the_normal_distribution_is_exact_in_its_tail():
    """Values to 17 digits from mpmath."""
    x = np.array([-37.0, -20.0, -8.0, -3.0, -1.0, -0.1, 0.0, 0.5, 2.0, 6.0])
    want = [
        *(5.725571222524577e-300, 2.7536241186062337e-89, 6.220960574271785e-16, 0.0013498980316300946),
        *(0.15865525393145705, 0.460172162722971, 0.5, 0.6914624612740131, 0.9772498680518208, 0.9999999990134123),
    ]
    phi = NormalDistribution()
    np.testing.assert_allclose(phi(x), want, rtol=2e-15)
    np.testing.assert_allclose(phi(x[2:].astype(np.float32)), want[2:], rtol=1e-6)
    assert phi(np.array([-np.inf, np.inf, 1e308])).tolist() == [0.0, 1.0, 1.0]
    assert np.isnan(phi(np.float64(np.nan)))
    assert phi(np.float16(1.0)).dtype == np.float16
    assert phi(np.arange(3)).dtype == np.float64
    many = np.linspace(-9, 9, 20001)
    np.testing.assert_allclose(phi(many) + phi(-many), 1.0, rtol=1e-15)


# ---- along an axis ---------------------------------------------------------------------------------------------------
def test_softmax_and_its_kin_by_hand():
    x = np.array([[1.0, 2.0, 0.5], [1e4, 0.0, -1e4]])
    p = np.exp(x[0]) / np.exp(x[0]).sum()
    np.testing.assert_allclose(nn.softmax(x), [p, [1, 0, 0]], rtol=1e-14)
    np.testing.assert_allclose(nn.log_softmax(x), [np.log(p), [0, -1e4, -2e4]], rtol=1e-14)
    np.testing.assert_allclose(nn.logsumexp(x, -1), [log(np.exp(x[0]).sum()), 1e4], rtol=1e-14)
    np.testing.assert_allclose(nn.logsumexp(x[0]), nn.logsumexp(x, -1)[0])
    assert nn.logsumexp(x, 0, keepdims=True).shape == (1, 3)
    assert nn.softmax(x, (0, 1)).sum() == pytest.approx(1)
    assert nn.softmax(np.arange(3)).dtype == np.float64
    for f in (nn.softmax, nn.log_softmax, nn.logsumexp, nn.standardize):
        assert f(x.astype(np.float32)).dtype == np.float32


def test_gradients_of_softmax_at_extremes():
    x = np.array([1e4, 0.0, -1e4])
    assert grad(lambda x: nn.softmax(x)[0])(x).tolist() == [0, 0, 0]
    assert grad(lambda x: nn.log_softmax(x)[1])(x).tolist() == [-1, 1, 0]
    assert grad(nn.logsumexp)(x).tolist() == [1, 0, 0]


def test_what_is_not_marked_is_not_there():
    x, where = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), np.array([[True, False, True], [False, False, False]])
    e = np.exp([1.0, 3.0])
    np.testing.assert_allclose(nn.softmax(x, where=where)[0], [e[0] / e.sum(), 0, e[1] / e.sum()])
    assert nn.softmax(x, where=where)[1].tolist() == [0, 0, 0]
    np.testing.assert_allclose(nn.logsumexp(x, -1, where=where), [log(e.sum()), -np.inf])
    np.testing.assert_allclose(nn.log_softmax(x[0], where=where[0])[[0, 2]], [1 - log(e.sum()), 3 - log(e.sum())])
    slope = grad(lambda x: np.sum(nn.softmax(x, where=where) * np.arange(3)))(x)
    assert np.isfinite(slope).all()
    assert slope[1].tolist() == [0, 0, 0]
    np.testing.assert_allclose(nn.standardize(x[0], where=where[0], epsilon=0.0), [-1, 0, 1])


def test_standardize_takes_what_is_known():
    x = np.array([[1.0, 5.0], [2.0, 8.0]])
    np.testing.assert_allclose(nn.standardize(x, 0, epsilon=0.0), [[-1, -1], [1, 1]])
    np.testing.assert_allclose(nn.standardize(x, mean=1.0, variance=4.0, epsilon=0.0), (x - 1) / 2)
    check_grads(nn.standardize, (x,), order=2)


def test_one_hot():
    assert nn.one_hot(np.array([[0], [2]]), 3).tolist() == [[[1, 0, 0]], [[0, 0, 1]]]
    assert nn.one_hot(np.array([0, 5, -1]), 2, axis=0).tolist() == [[1, 0, 0], [0, 0, 0]]
    assert nn.one_hot(1, 2, dtype=np.float32).dtype == np.float32
    assert vmap(lambda k: nn.one_hot(k, 2))(np.array([1, 0])).tolist() == [[0, 1], [1, 0]]


# ---- losses ----------------------------------------------------------------------------------------------------------
LOGITS, CLASSES = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]]), np.array([2, 1])


def test_losses_by_hand():
    p, t = np.array([1.0, -2.0, 0.5]), np.array([1.5, 1.0, 0.5])
    assert nn.mse(p, t) == pytest.approx((0.25 + 9) / 3)
    assert nn.mae(p, t) == pytest.approx(3.5 / 3)
    np.testing.assert_allclose(nn.squared_error(p, t), [0.25, 9, 0])
    np.testing.assert_allclose(nn.huber_loss(p, t), [0.125, 2.5, 0])
    np.testing.assert_allclose(nn.huber_loss(p, t, 4.0), [0.125, 4.5, 0])
    np.testing.assert_allclose(nn.hinge_loss(p, np.array([1, 1, -1])), [0, 3, 1.5])
    rows = [log(sum(map(exp, row))) - row[k] for row, k in zip(LOGITS, CLASSES, strict=True)]
    np.testing.assert_allclose(nn.softmax_cross_entropy_with_integer_labels(LOGITS, CLASSES), rows)
    np.testing.assert_allclose(nn.softmax_cross_entropy(LOGITS, nn.one_hot(CLASSES, 3)), rows)
    binary = [-log(sigmoid(1.0)), -log(1 - sigmoid(-2.0)), -log(sigmoid(0.5))]
    for labels in (np.array([1, 0, 1]), np.array([True, False, True]), np.array([1.0, 0.0, 1.0])):
        np.testing.assert_allclose(nn.sigmoid_binary_cross_entropy(p, labels), binary)
    q = np.array([0.2, 0.0, 0.8])
    want = 0.2 * log(0.2 / 0.5) + 0.8 * log(0.8 / 0.25)
    assert nn.kl_divergence(np.log([0.5, 0.25, 0.25]), q) == pytest.approx(want)
    assert nn.l1_penalty({"w": p, "b": (t,)}) == pytest.approx(3.5 + 3.0)
    assert nn.l2_penalty({"w": p, "b": (t,)}) == pytest.approx(5.25 + 3.5)


def test_derivatives_of_losses():
    x, t = LOGITS + 0.1, np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]])
    for loss in (nn.mse, nn.huber_loss, nn.softmax_cross_entropy, nn.sigmoid_binary_cross_entropy):
        check_grads(lambda x, loss=loss: loss(x, t), (x,), order=2)
    check_grads(nn.softmax_cross_entropy, (x, t))
    for loss in (nn.mae, nn.hinge_loss, nn.kl_divergence):
        check_grads(lambda x, loss=loss: loss(x, t), (x,))
    check_grads(lambda x: nn.softmax_cross_entropy_with_integer_labels(x, CLASSES), (x,), order=2)
    assert grad(grad(nn.huber_loss))(0.0) == 1.0
    assert grad(nn.huber_loss)(1.0) == 1.0


def test_losses_at_extremes():
    with np.errstate(all="raise", under="ignore"):
        rows = np.array([[1e4, -1e4, 0.0], [40.0, 0.0, -1e4]])
        loss = lambda x, k: np.sum(nn.softmax_cross_entropy_with_integer_labels(x, k))
        assert nn.softmax_cross_entropy_with_integer_labels(rows, np.array([1, 0])).tolist() == [
            2e4,
            pytest.approx(log1p(exp(-40)), rel=1e-15),
        ]
        assert np.isfinite(grad(loss)(rows, np.array([1, 0]))).all()
        x = np.array([-1e4, 1e4, -40.0])
        for labels in (np.array([0, 1, 0]), np.array([0.0, 1.0, 0.0])):
            np.testing.assert_allclose(nn.sigmoid_binary_cross_entropy(x, labels), [0, 0, log1p(exp(-40))])
        assert grad(lambda x: np.sum(nn.sigmoid_binary_cross_entropy(x, np.array([1, 0, 0]))))(x)[:2].tolist() == [
            -1,
            1,
        ]
    hidden = np.array([0.0, -np.inf])
    assert nn.softmax_cross_entropy(hidden, np.array([1.0, 0.0])) == 0.0
    assert np.isfinite(grad(lambda t: nn.kl_divergence(np.log(t), np.array([1.0, 0.0])))(np.array([0.5, 0.5]))).all()


def test_losses_keep_the_dtype():
    x = LOGITS.astype(np.float32)
    for loss in (
        lambda x: np.mean(nn.softmax_cross_entropy_with_integer_labels(x, CLASSES)),
        lambda x: nn.mse(x, x[::-1]),
        lambda x: np.mean(nn.huber_loss(x)),
        lambda x: np.mean(nn.sigmoid_binary_cross_entropy(x, np.array([[1, 0, 1]]))),
        nn.l2_penalty,
        nn.l1_penalty,
    ):
        assert loss(x).dtype == np.float32
        assert grad(loss)(x).dtype == np.float32


# ---- what is refused -------------------------------------------------------------------------------------------------
@refuses(UnsupportedFunction, "nn.relu was given complex numbers.", "Apply it to np.real(x) and np.imag(x).")
def relu_of_complex_numbers():
    nn.relu(np.array([1j]))


@refuses(BadArgument, "nn.one_hot was given float64[1]. Classes are numbered by integers.", "astype(int)")
def classes_that_are_floats():
    nn.one_hot(np.array([1.0]), 2)


@refuses(BadArgument, "was given labels float64[2,3] for logits float64[2,3].", "softmax_cross_entropy(logits, labels)")
def probabilities_in_place_of_classes():
    nn.softmax_cross_entropy_with_integer_labels(LOGITS, nn.softmax(LOGITS))


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)


def test_sparse_activations():
    """Blondel, Martins and Niculae, *Learning with Fenchel–Young losses* (2020): the slope of one is the other."""
    x = np.array([-1e300, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1e300])
    np.testing.assert_allclose(nn.sparse_plus(x), [0, 0, 0, 0.0625, 0.25, 0.5625, 1, 2, 1e300])
    np.testing.assert_array_equal(vmap(grad(nn.sparse_plus))(x), nn.sparse_sigmoid(x))
    np.testing.assert_array_equal(vmap(grad(nn.sparse_sigmoid))(x[[0, 1, 3, 4, 5, 7, 8]]), [0, 0, 0.5, 0.5, 0.5, 0, 0])
    assert nn.tanh(0.5) == np.tanh(0.5)
    assert nn.sparse_plus(np.float32(0.5)).dtype == np.float32
