"""A network of 4, 5, 5 and 3 units on Fisher's flowers."""

import numpy as np
import pytest

from funcgrad import grad, tree
from funcgrad.examples import iris


@pytest.fixture(scope="module")
def trainings():
    """Every epoch of the five named seeds."""
    return {seed: list(iris.training(seed)) for seed in iris.SEEDS}


def test_five_seeds_are_right_on_flowers_held_out(trainings):
    accuracies = [epochs[-1].tested for epochs in trainings.values()]
    assert len(accuracies) == 5
    assert np.mean(accuracies) >= 0.95
    assert min(accuracies) >= 0.88


def test_accuracy_is_reported_epoch_by_epoch(trainings):
    for epochs in trainings.values():
        assert [epoch.number for epoch in epochs] == list(range(1, 61))
        assert epochs[-1].loss < epochs[0].loss
        assert all(0 <= epoch.tested <= 1 and 0 <= epoch.trained <= 1 for epoch in epochs)


def test_the_split_holds_out_a_third_of_each_species():
    train, test = iris.split(0)
    assert np.bincount(test.species).tolist() == [17, 17, 17]
    assert np.bincount(train.species).tolist() == [33, 33, 33]
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train.x.std(axis=0), 1, rtol=1e-12)
    assert np.abs(test.x.mean(axis=0)).max() > 1e-6  # standardised by the training set alone


def test_initial_weights_are_hes():
    layers = [iris.initial(seed) for seed in range(400)]
    assert [layer.w.shape for layer in layers[0]] == [(4, 5), (5, 5), (5, 3)]
    for i, inputs in enumerate((4, 5, 5)):
        weights = np.array([one[i].w for one in layers])
        np.testing.assert_allclose([weights.mean(), weights.var()], [0, 2 / inputs], atol=0.02)
        assert not layers[0][i].b.any()


def test_the_gradient_is_the_finite_difference():
    layers, (train, _) = iris.initial(3), iris.split(3)
    vector, unravel = tree.ravel(layers)
    slope, _ = tree.ravel(grad(iris.loss)(layers, train))
    for e in 1e-6 * np.eye(len(vector))[::7]:
        rise = iris.loss(unravel(vector + e), train) - iris.loss(unravel(vector - e), train)
        np.testing.assert_allclose(slope @ e, rise / 2, atol=1e-14)


def test_a_training_never_changes_what_it_has_shown():
    epochs = iris.training(0, epochs=3)
    first = next(epochs)
    copy = tree.map(np.copy, first.layers)
    list(epochs)
    tree.map(np.testing.assert_array_equal, first.layers, copy)


def test_the_report_shows_every_epoch_and_seed():
    lines = list(iris.report(epochs=2))
    assert [line.split()[:2] for line in lines] == [
        ["epoch", "1"],
        ["epoch", "2"],
        *[["seed", f"{k}:"] for k in range(2, 6)],
    ]
