"""A network as a composition of functions: the small figures, then a regression on real data."""

import numpy as np
import pytest

from funcgrad import grad, tree, value_and_grad
from funcgrad.examples import network
from funcgrad.examples.network import FIRST, SECOND, Layer, X, Y


# ---- the pieces ----------------------------------------------------------------------------------------------------
def test_linear():
    layer = Layer(np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([-1.0, -1.0]))
    np.testing.assert_array_equal(network.linear(layer, np.array([[1.0, 2.0], [3.0, 4.0]])), [[18, 21], [42, 49]])


def test_sigmoid_of_linear():
    layer = Layer(np.array([[2.0, -3.0], [2.0, -3.0]]), np.array([-3.0, -5.0]))
    answer = network.sigmoid(network.linear(layer, np.array([[-1.0, -2.0], [-1.0, -2.0]])))
    np.testing.assert_allclose(answer, [[1.23394576e-04, 9.82013790e-01]] * 2, rtol=1e-8)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3)])
def test_mse_never_makes_a_matrix_of_two_columns(shape):
    y, a = np.array([1.0, 2.0, 3.0]), np.array([4.5, 5.0, 10.0]).reshape(shape)
    assert network.mse(y, a) == 23.416666666666668
    assert network.mse(a, y) == 23.416666666666668
    np.testing.assert_allclose(grad(network.mse)(y, a), [-7 / 3, -2, -14 / 3], rtol=1e-15)


def test_mse_refuses_columns_of_two_lengths():
    with pytest.raises(ValueError, match="3 values against 1"):
        network.mse(np.ones(3), np.ones(1))
    with pytest.raises(ValueError, match="3 values against 1"):
        grad(network.mse)(np.ones(3), np.ones(1))


def test_sum_and_product_of_many():
    assert network.total(4, 5, 10) == 19
    assert network.product(4, 5, 10) == 200
    assert grad(network.total, argnums=(0, 1, 2))(4.0, 5.0, 10.0) == (1.0, 1.0, 1.0)
    assert grad(network.product, argnums=(0, 1, 2))(4.0, 5.0, 10.0) == (50.0, 40.0, 20.0)


def test_a_product_with_a_sum():
    assert value_and_grad(lambda x, y, z: (x + y) * z, argnums=(0, 1, 2))(-2.0, 5.0, -4.0) == (-12.0, (-4.0, -4.0, 3.0))


def test_descent_until_the_steps_are_short():
    places = list(network.descend(lambda x: x**4 - 3 * x**3 + 2, start=6.0, rate=0.01, least=1e-5))
    assert places[-1] == pytest.approx(2.249965, abs=1e-6)
    assert abs(places[-1] - places[-2]) < 1e-5 <= abs(places[-2] - places[-3])


# ---- gradients -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("y", [Y, Y.reshape(2, 1)])
def test_gradients_of_one_layer(y):
    dlayer, dx, dy = grad(network.one_layer, argnums=(0, 1, 2))(FIRST, X, y)
    np.testing.assert_allclose(dx, [[-3.34017280e-05, -5.01025919e-05], [-6.68040138e-05, -1.00206021e-04]], rtol=1e-8)
    assert dy.shape == y.shape
    np.testing.assert_allclose(dy.ravel(), [0.9999833, 1.9999833], rtol=1e-7)
    np.testing.assert_allclose(dlayer.w, [[5.01028709e-05], [1.00205742e-04]], rtol=1e-8)
    np.testing.assert_allclose(dlayer.b, [-5.01028709e-05], rtol=1e-8)


def test_gradients_of_two_layers():
    cost, (dlayers, dy) = value_and_grad(network.two_layers, argnums=(0, 2))((FIRST, SECOND), X, Y.reshape(2, 1))
    first, second = dlayers
    assert cost == pytest.approx(20.499699375522482, rel=1e-14)
    np.testing.assert_allclose(first.w, [[3.006183e-4], [6.012367e-4]], rtol=1e-6)
    np.testing.assert_allclose(first.b, [-3.006183e-4], rtol=1e-6)
    np.testing.assert_allclose(second.w, [[-1.503117e-4]], rtol=1e-6)
    np.testing.assert_allclose(second.b, [-8.9999331943], rtol=1e-10)
    np.testing.assert_allclose(dy, [[3.9999665972], [4.9999665972]], rtol=1e-10)


def test_gradients_are_layers_like_the_parameters():
    slopes = grad(network.two_layers)((FIRST, SECOND), X, Y)
    assert tree.structure(slopes) == tree.structure((FIRST, SECOND))


# ---- training ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def epochs():
    return list(network.regression(epochs=100))


def test_a_step_leaves_the_old_parameters_alone():
    old = tree.map(np.copy, (FIRST, SECOND))
    loss, new = network.step(old, X, Y, rate=0.1)
    tree.map(np.testing.assert_array_equal, old, (FIRST, SECOND))
    assert network.two_layers(new, X, Y) < loss


def test_the_regression_explains_the_patients(epochs):
    assert [epoch.number for epoch in epochs] == list(range(1, 101))
    assert epochs[-1].loss < 0.6
    assert epochs[0].loss > epochs[-1].loss


def test_the_target_has_variance_one():
    features, progression = map(network.standardised, network.data.diabetes())
    np.testing.assert_allclose(progression.var(), 1, rtol=1e-12)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-12)
    assert len(features) // 11 * 11 == 440


def test_the_same_seed_gives_the_same_training(epochs):
    again = list(network.regression(epochs=3))
    assert [epoch.loss for epoch in again] == [epoch.loss for epoch in epochs[:3]]


def test_the_report_is_short():
    lines = list(network.report(epochs=10))
    assert lines[0].startswith("one_layer: cost 2.49994989601")
    assert lines[-1].startswith("  epoch  10  0.")
