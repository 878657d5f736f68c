"""Two moons, by scalar neurons and by arrays."""

import numpy as np

from funcgrad import grad, random, tree
from funcgrad.examples import moons, neurons
from tests.programs.reporting import told


def test_the_moons_are_half_circles(monkeypatch):
    monkeypatch.setattr(moons, "NOISE", 0.0)
    points = moons.moons(random.key(0), 20)
    centres = np.where(points.moon[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    np.testing.assert_allclose(np.sum((points.x - centres) ** 2, axis=1), 1.0, rtol=1e-12)
    assert np.bincount(points.moon).tolist() == [10, 10]


def test_arrays_tell_new_points_right():
    lines, fit = told(moons.report(seed=0, epochs=30))
    assert moons.accuracy(fit.params, fit.test) >= 0.97
    assert len(fit.losses) == 30
    assert lines[0].startswith("epoch   1")


def test_neurons_tell_their_points_right():
    lines, fit = told(neurons.report(seed=0, steps=60))
    assert neurons.accuracy(fit.layers, fit.points) >= 0.9
    assert lines[0] == "337 numbers, 100 points"
    assert {type(number) for number in tree.leaves(neurons.initial(0))} == {float}


def test_slopes_of_numbers_are_those_of_matrices(monkeypatch):
    monkeypatch.setattr(neurons, "SIZES", (2, 3, 1))
    layers, points = neurons.initial(1), moons.moons(random.key(1), 8)
    (w1, w2) = (np.array([neuron.w for neuron in layer]) for layer in layers)

    def by_arrays(w1, w2):
        scores = (np.maximum(points.x @ w1.T, 0) @ w2.T)[:, 0]
        margin = np.mean(np.maximum(1 - (2 * points.moon - 1) * scores, 0))
        return margin + neurons.DECAY * (np.sum(w1**2) + np.sum(w2**2))

    slopes = grad(neurons.loss)(layers, points)
    for layer, want in zip(slopes, grad(by_arrays, (0, 1))(w1, w2), strict=True):
        np.testing.assert_allclose([neuron.w for neuron in layer], want, rtol=1e-10)


def test_the_seed_decides():
    first, again, other = (told(moons.report(seed=seed, epochs=1))[0] for seed in (3, 3, 4))
    assert first == again != other
