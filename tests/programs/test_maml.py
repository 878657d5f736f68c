"""Learning to learn: gradients through the gradient of an inner step."""

import numpy as np
import pytest

from funcgrad import grad, jit, random, tree
from funcgrad.examples import maml
from tests.programs.reporting import told


def test_one_step_of_what_was_learned_does_what_ten_of_the_first_weights_do_not():
    lines, fit = told(maml.report(seed=0, steps=150))
    before, after = (maml.judged(layers, random.key(2)) for layers in (fit.before, fit.after))
    assert after[1] < 0.8 * after[0]
    assert after[1] < 0.8 * np.min(before)
    assert lines[-1].startswith("learned first weights")


def test_the_gradient_goes_through_the_step():
    layers = maml.initial(random.key(0))
    batch = maml.sines(random.key(1), 3)
    vector, unravel = tree.ravel(layers)
    slope, _ = tree.ravel(jit(grad(maml.loss))(layers, batch))
    direction = random.normal(random.key(2), vector.shape)
    loss = jit(lambda step: maml.loss(unravel(vector + step * direction), batch))
    h = 1e-5
    assert slope @ direction == pytest.approx((loss(h) - loss(-h)) / (2 * h), rel=1e-5)
    assert batch.x.shape == (3, maml.SHOTS)
