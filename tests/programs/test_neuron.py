"""x₁ = 2, x₂ = 0, w₁ = -3, w₂ = 1 and a bias with which tanh has its value 1/√2."""

import numpy as np
import pytest

from funcgrad import grad, value_and_grad
from funcgrad.examples import neuron

SLOPES = {"x1": -1.5, "x2": 0.5, "w1": 1.0, "w2": 0.0, "b": 0.5}


@pytest.mark.parametrize("tanh", [np.tanh, neuron.tanh_by_exp])
def test_the_answer_and_every_slope(tanh):
    answer, slopes = neuron.gradients(tanh)
    assert answer == pytest.approx(0.7071067811865477, rel=0, abs=1e-14)
    assert slopes == pytest.approx(SLOPES, rel=0, abs=1e-14)


@pytest.mark.parametrize("tanh", [np.tanh, neuron.tanh_by_exp])
def test_slopes_come_back_as_the_tree_of_numbers_that_went_in(tanh):
    _, slopes = value_and_grad(neuron.neuron)(neuron.NUMBERS, tanh)
    assert list(slopes) == list(neuron.NUMBERS)
    assert {np.ndim(slope) for slope in slopes.values()} == {0}


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: 2 * x, 2.0),
        (lambda x: x * 2, 2.0),
        (lambda x: 1 / x, -0.25),
        (lambda x: x / 4, 0.25),
        (lambda x: 3 - x, -1.0),
        (lambda x: x - 3, 1.0),
        (lambda x: x**3, 12.0),
        (lambda x: 2**x, 4 * np.log(2)),
        (lambda x: x**x, 4 * (1 + np.log(2))),
        (lambda x: -x + +x + abs(x), 1.0),
    ],
)
def test_scalars_mix_with_python_numbers_on_either_side(f, slope):
    assert grad(f)(2.0) == pytest.approx(slope, rel=1e-15)
    assert grad(f)(2) == pytest.approx(slope, rel=1e-15)


def test_the_report_has_both_ways():
    lines = list(neuron.report())
    assert sum("o = 0.70710678118654" in line for line in lines) == 2
    assert sum("∂o/∂x1 = -1.5" in line or "∂o/∂x1 = -1.49999999999999" in line for line in lines) == 2
