"""A training from end to end: batches, a schedule, clipping, decay, early stopping, a break."""

import numpy as np
import pytest

from funcgrad import data, optim, random

FEATURES, SPECIES = data.iris()
ORDER = random.permutation(random.key(5), 150)
TRAIN, TEST = ORDER[:100], ORDER[100:]
SCALED = (FEATURES - FEATURES[TRAIN].mean(axis=0)) / FEATURES[TRAIN].std(axis=0)


def scores(params, x):
    return np.tanh(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def loss(params, batch):
    x, species = batch
    z = scores(params, x)
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(z)), species])


def accuracy(params):
    return {"test": np.mean(np.argmax(scores(params, SCALED[TEST]), axis=1) == SPECIES[TEST])}


def start():
    one, two = random.split(random.key(0))
    return {
        "w1": random.normal(one, (4, 8)) / 2,
        "b1": np.zeros(8),
        "w2": random.normal(two, (8, 3)) / 3,
        "b2": np.zeros(3),
    }


OPTIMIZER = optim.chain(
    optim.clip_by_global_norm(1.0),
    optim.adamw(
        optim.warmup_cosine_decay_schedule(0.0, 0.05, 10, 200),
        weight_decay=1e-3,
        mask={"w1": True, "b1": False, "w2": True, "b2": False},
    ),
)


def training(**how):
    rows = (SCALED[TRAIN], SPECIES[TRAIN])
    settings = {"key": random.key(1), "batch_size": 16, "epochs": 25, "evaluate": accuracy}
    return data.fit(loss, start(), rows, OPTIMIZER, **(settings | how))


def test_flowers_are_told_apart_and_a_break_changes_nothing(tmp_path):
    path = tmp_path / "run.npz"
    whole = list(data.early_stopping(training(), patience=60))
    assert whole[-1].metrics.get("test", 0.95) >= 0.92
    assert max([step.metrics["test"] for step in whole if step.ended]) >= 0.95
    for step in data.checkpointed(training(), path, every=7):
        if step.step == 40:
            break
    kept = data.resumed(path, start(), OPTIMIZER.init(start()))
    assert kept.step == 40
    rest = list(training(after=kept))
    for one, other in zip(whole[40:], rest, strict=False):
        assert one.loss == other.loss
        assert all([np.array_equal(one.params[name], other.params[name]) for name in one.params])


def test_lbfgs_takes_few_steps():
    rows = (SCALED[TRAIN], SPECIES[TRAIN])
    *_, last = data.fit(loss, start(), rows, optim.lbfgs(), batch_size=100, epochs=20)
    assert last.loss < 0.05
    assert accuracy(last.params)["test"] == pytest.approx(0.95, abs=0.06)
