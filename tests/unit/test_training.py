"""Batches, training, checkpoints: what comes in which order, and that a break changes no bit."""

import os
import time

import numpy as np
import pytest

from funcgrad import data, grad, optim, random, tree
from funcgrad.data.fitting import Step
from funcgrad.errors import BadAnswer, BadArgument, BadCheckpoint

X = np.linspace(-1.0, 1.0, 10)
POINTS = {"x": X, "y": 3.0 * X + 0.5}
KEY = random.key(3)


def loss(params, batch):
    return np.mean((params["slope"] * batch["x"] + params["offset"] - batch["y"]) ** 2)


def start():
    return {"slope": np.float64(0.0), "offset": np.float64(0.0)}


def training(**how):
    settings = {"key": KEY, "batch_size": 4, "epochs": 3}
    return data.fit(loss, start(), POINTS, optim.adam(0.1), **(settings | how))


def same(one, other):
    assert tree.structure(one) == tree.structure(other)
    for a, b in zip(tree.leaves(one), tree.leaves(other), strict=True):
        assert type(a) is type(b)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


# ---- batches -------------------------------------------------------------------------------------------------------
def test_each_epoch_has_every_row_once_in_an_order_of_its_own():
    found = list(data.batches(POINTS, 4, key=KEY, epochs=2))
    assert [len(batch["x"]) for batch in found] == [4, 4, 2] * 2
    one, two = (np.concatenate([batch["x"] for batch in part]) for part in (found[:3], found[3:]))
    np.testing.assert_array_equal(np.sort(one), X)
    np.testing.assert_array_equal(np.sort(two), X)
    assert one.tolist() != two.tolist()
    np.testing.assert_array_equal(one, X[random.permutation(random.fold_in(KEY, 1), 10)])
    for batch in found:
        np.testing.assert_array_equal(batch["y"], 3.0 * batch["x"] + 0.5)


def test_the_remainder_is_dropped_if_asked():
    assert [len(batch) for batch in data.batches(X, 4, drop_remainder=True, epochs=2)] == [4] * 4


def test_batches_without_a_key_come_as_they_stand_and_without_an_end_go_on():
    endless = data.batches(X, 7, epochs=None)
    assert [next(endless).tolist() for _ in range(3)] == [X[:7].tolist(), X[7:].tolist(), X[:7].tolist()]


def test_batches_are_arrays_of_their_own():
    batch = next(data.batches(X, 4, key=KEY))
    assert not np.shares_memory(batch, X)


# ---- steps ---------------------------------------------------------------------------------------------------------
def test_steps_are_the_steps_by_hand():
    own, params = optim.adam(0.1), start()
    state = own.init(params)
    batches = data.batches(POINTS, 4, key=KEY, epochs=3)
    for number, (step, batch) in enumerate(zip(training(), batches, strict=True), 1):
        assert (step.step, step.epoch, step.ended) == (number, (number + 2) // 3, number % 3 == 0)
        np.testing.assert_allclose(step.loss, loss(params, batch), rtol=1e-14)
        updates, state = own.update(grad(loss)(params, batch), state)
        params = optim.apply_updates(params, updates)
        tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), step.params, params)
    assert number == 9


def test_a_step_is_frozen_and_later_ones_leave_it_alone():
    steps = training()
    first = next(steps)
    copy = tree.map(np.copy, first.params)
    list(steps)
    assert tree.map(np.copy, first.params) == copy
    with pytest.raises(AttributeError):
        first.loss = 0.0


def test_the_first_step_comes_within_a_second():
    began = time.perf_counter()
    next(training())
    assert time.perf_counter() - began < 1.0


def test_a_training_goes_on_behind_a_step_without_a_difference():
    steps = list(training())
    for at in (0, 3, 4):
        rest = list(training(after=steps[at]))
        assert [step.step for step in rest] == [step.step for step in steps[at + 1 :]]
        same(
            [(step.params, step.state, step.loss) for step in rest],
            [(s.params, s.state, s.loss) for s in steps[at + 1 :]],
        )


def test_what_the_loss_and_the_end_of_an_epoch_say_is_in_the_metrics():
    def noted(params, batch):
        value = loss(params, batch)
        return value, {"root": np.sqrt(value)}

    steps = list(
        data.fit(
            noted, start(), POINTS, optim.sgd(0.1), batch_size=5, has_aux=True, evaluate=lambda p: {"all": p["slope"]}
        )
    )
    assert [sorted(step.metrics) for step in steps] == [["root"], ["all", "root"]]
    np.testing.assert_allclose(steps[0].metrics["root"] ** 2, steps[0].loss)
    assert steps[1].metrics["all"] == steps[1].params["slope"]


def test_noise_has_a_key_for_each_step():
    def noisy(w, batch, key):
        return w * random.normal(key)

    steps = list(data.fit(noisy, 1.0, X, optim.sgd(1.0), batch_size=5, noise=KEY))
    draws = [random.normal(random.fold_in(KEY, number)) for number in (1, 2)]
    np.testing.assert_allclose([steps[0].params, steps[1].params], [1 - draws[0], 1 - sum(draws)])


def test_an_optimiser_that_searches_is_given_the_loss():
    *_, last = data.fit(loss, start(), POINTS, optim.lbfgs(), batch_size=10, epochs=8)
    np.testing.assert_allclose([last.params["slope"], last.params["offset"]], [3.0, 0.5], rtol=1e-6)


def test_python_s_own_way_is_the_jitted_one():
    plain, jitted = training(jitted=False), training()
    for one, other in zip(plain, jitted, strict=True):
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12)


# ---- early stopping ------------------------------------------------------------------------------------------------
def test_stopping_waits_for_steps_that_are_measured():
    steps = [
        Step(i, 1, i % 2 == 0, 0.0, None, None, {"error": e} if i % 2 == 0 else {}) for i, e in enumerate("000000000")
    ]
    errors = iter([3.0, 2.0, 1.95, 1.94, 1.0])
    value = lambda step: next(errors) if "error" in step.metrics else None
    taken = list(data.early_stopping(steps, 2, min_delta=0.1, value=value))
    assert [step.step for step in taken] == list(range(7))


# ---- checkpoints ---------------------------------------------------------------------------------------------------
def everything():
    return {
        "array": np.arange(6.0, dtype=np.float32).reshape(2, 3),
        "scalar": np.int32(7),
        "number": 1.5,
        "count": 3,
        "complex": 1j,
        "nothing": None,
        "empty": np.zeros((0, 2)),
        "state": optim.chain(optim.trace(0.9), optim.scale_by_adam()).init((np.ones(2), [np.float32(0.5)])),
    }


def test_what_is_loaded_is_what_was_saved(tmp_path):
    data.save(tmp_path / "all.npz", everything(), {"why": "a test"})
    same(data.load(tmp_path / "all.npz", tree.map(lambda x: x * 0, everything())), everything())
    assert data.notes_of(tmp_path / "all.npz") == {"why": "a test"}
    assert data.load(tmp_path / "all.npz")["tree['scalar']"] == 7
    assert os.listdir(tmp_path) == ["all.npz"]
    with np.load(tmp_path / "all.npz", allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} <= set("fiuc")


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    data.save(tmp_path / "run.npz", 1.0)

    def full(file, **arrays):
        file.write(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="full"):
        data.save(tmp_path / "run.npz", 2.0)
    assert os.listdir(tmp_path) == ["run.npz"]
    assert data.load(tmp_path / "run.npz", 0.0) == 1.0


def test_a_training_resumes_from_a_file_to_the_last_bit(tmp_path):
    path = tmp_path / "run.npz"
    steps = list(training())
    running = data.checkpointed(training(), path, every=2)
    while next(running).step < 5:
        pass  # the machine stops here: what was written last is step 4
    before = data.resumed(path, start(), optim.adam(0.1).init(start()))
    assert (before.step, before.epoch, before.ended, before.loss) == (4, 2, False, steps[3].loss)
    rest = list(training(after=before))
    same([(s.params, s.state, s.loss) for s in rest], [(s.params, s.state, s.loss) for s in steps[4:]])
    list(data.checkpointed(training(), path, every=2))
    same(data.resumed(path, start(), optim.adam(0.1).init(start())).params, steps[-1].params)


# ---- bars ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bar", ["tqdm", "rich"])
def test_a_bar_hands_the_steps_on(bar, capfd):
    steps = list(training())
    assert [step.step for step in data.progress(steps, len(steps), bar)] == list(range(1, 10))
    said = capfd.readouterr()
    assert "epoch 3, loss" in said.err + said.out


# ---- refusals ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "kind", "sentences"),
    [
        (lambda: data.batches(X, 0), BadArgument, ["Batches of 0 rows", "a whole number of rows", "batch_size=32"]),
        (
            lambda: data.batches(X, 11, drop_remainder=True),
            BadArgument,
            ["Batches of 11 rows", "the data has 10", "leave drop_remainder out"],
        ),
        (lambda: data.batches(np.zeros((0, 2)), 2), BadArgument, ["the data has 0", "Pass arrays with rows"]),
        (
            lambda: data.batches({"x": X, "n": 3.0}, 2),
            BadArgument,
            ["rows that all arrays have", "data['n'] has no rows, data['x'] has 10 rows", "one length along axis 0"],
        ),
        (lambda: data.batches((), 2), BadArgument, ["The data has no array"]),
        (lambda: training(batch_size=-1), BadArgument, ["Batches of -1 rows"]),
        (lambda: data.early_stopping([], 0), BadArgument, ["patience=0", "in a row may be no better", "patience=1"]),
        (
            lambda: data.save("x.npz", {"name": "text"}),
            BadArgument,
            ["a str at tree['name']", "holds numbers and arrays", "leave it out"],
        ),
        (lambda: data.save("x.npz", 1.0, {"w": X}), BadArgument, ["a ndarray among its notes", "arrays into the tree"]),
        (lambda: data.checkpointed([], "x.npz", every=0), BadArgument, ["every=0", "how many steps", "every=1"]),
        (
            lambda: data.fit(np.sum, X, X, optim.adam),
            BadArgument,
            ["was given adam as its optimizer", "no init and update", "optim.adam(1e-3)"],
        ),
        (lambda: list(training(evaluate=lambda w: 1.0)), BadAnswer, ["evaluate returned a float", '{"accuracy": 0.9}']),
        (lambda: data.progress([], bar="dots"), BadArgument, ["bar='dots'", "'tqdm' or 'rich'"]),
    ],
)
def test_refusals_say_what_happened_and_what_to_write(call, kind, sentences):
    with pytest.raises(kind) as caught:
        call()
    for sentence in sentences:
        assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("like", "sentence"),
    [
        ({"w": np.zeros(3)}, "has float64[2] at tree['w'] where the tree asked for has float64[3] at tree['w']"),
        ({"w": np.zeros(2, np.float32)}, "where the tree asked for has float32[2] at tree['w']"),
        ({"v": np.zeros(2)}, "where the tree asked for has float64[2] at tree['v']"),
        ({"w": 0.0}, "where the tree asked for has a number at tree['w']"),
        ({}, "where the tree asked for has nothing more"),
        ({"w": np.zeros(2), "x": 1.0}, "has nothing more where the tree asked for has a number at tree['x']"),
    ],
)
def test_another_tree_is_refused_by_path(tmp_path, like, sentence):
    data.save(tmp_path / "w.npz", {"w": np.ones(2)})
    with pytest.raises(BadCheckpoint, match="Load it into a tree like the one that was saved") as caught:
        data.load(tmp_path / "w.npz", like)
    assert sentence in str(caught.value)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    for content in (b"", b"text", b"PK\x03\x04 broken"):
        path.write_bytes(content)
        with pytest.raises(BadCheckpoint, match=r"is damaged, or no checkpoint of funcgrad. .*data.save wrote"):
            data.load(path)
    np.savez(path, header=np.frombuffer(b'{"format": "funcgrad.checkpoint", "version": 99}', np.uint8))
    with pytest.raises(BadCheckpoint, match="is of version 99, this funcgrad reads 1"):
        data.load(path)
    np.save(tmp_path / "array.npy", X)
    with pytest.raises(BadCheckpoint):
        data.load(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError):
        data.load(tmp_path / "missing.npz")


def test_a_damaged_file_is_refused(tmp_path):
    """One letter of it changed, wherever: it is refused, or nothing that is loaded differs."""
    tree_of = {"w": np.arange(3.0), "b": 2.0}
    data.save(tmp_path / "whole.npz", tree_of)
    whole, refused = (tmp_path / "whole.npz").read_bytes(), 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (tmp_path / "damaged.npz").write_bytes(damaged)
        try:
            loaded = data.load(tmp_path / "damaged.npz", tree_of)
        except BadCheckpoint:
            refused += 1
        else:
            assert loaded["b"] == 2.0
            assert loaded["w"].tolist() == [0.0, 1.0, 2.0]
    assert refused > 50


def test_the_last_step_is_written_however_a_training_ends(tmp_path):
    path = tmp_path / "run.npz"
    steps = [Step(i, 1, False, 0.5, np.float64(i), ()) for i in range(1, 8)]

    def broken():
        yield from steps[:5]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(data.checkpointed(broken(), path, every=4))
    assert data.resumed(path, np.float64(0.0), ()).step == 5
    stopped = data.early_stopping(data.checkpointed(steps, path, every=4), 2)
    assert [step.step for step in stopped][-1] == data.resumed(path, np.float64(0.0), ()).step == 3
    for step in data.checkpointed(steps, path, every=4):
        if step.step == 6:
            break
    assert data.resumed(path, np.float64(0.0), ()).step == 6


def test_notes_are_numbers_of_numpy_too(tmp_path):
    data.save(tmp_path / "p.npz", 1.0, {"accuracy": np.float32(0.5), "count": np.int64(3), "by": "hand"})
    assert data.notes_of(tmp_path / "p.npz") == {"accuracy": 0.5, "count": 3, "by": "hand"}
