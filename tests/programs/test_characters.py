"""A recurrent network with attention, on a tale."""

import numpy as np
import pytest

from funcgrad import random
from funcgrad.examples import characters
from tests.programs.reporting import told


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(characters, "WINDOW", 12)
    monkeypatch.setattr(characters, "UNITS", 24)
    monkeypatch.setattr(characters, "SIZE", 8)


def test_it_learns_the_tale(small, monkeypatch):
    monkeypatch.setattr(characters, "RATE", 1e-2)
    lines, fit = told(characters.report(seed=0, epochs=2))
    assert fit.learned[-1] < 2.6 < fit.learned[0] < 4.7
    assert fit.held_out[0] < 3.5
    assert lines[-1].startswith("“" + characters.TALE[:12] + "|")
    assert len(lines[-1]) == 12 + 200 + 3


def test_no_letter_sees_a_later_one(small):
    net = characters.initial(random.key(0))
    numbers = characters.NUMBERS[None, :12].copy()
    before = characters.logits(net, numbers)
    numbers[0, 8] = (numbers[0, 8] + 1) % len(characters.LETTERS)
    after = characters.logits(net, numbers)
    np.testing.assert_array_equal(before[0, :8], after[0, :8])
    assert np.all(np.any(before[0, 8:] != after[0, 8:], axis=-1))


def test_states_and_attention_are_those_of_loops(small):
    net = characters.initial(random.key(1))
    numbers = characters.NUMBERS[:5]
    h, states = np.zeros(24), []
    for number in numbers:
        h = np.tanh(net.letters[number] @ net.w + h @ net.u + net.b)
        states.append(h)
    np.testing.assert_allclose(characters.states(net, numbers[None])[0], states, rtol=1e-12)
    weights = np.exp([states[4] @ net.query @ (net.key.T @ state) / 24**0.5 for state in states])
    want = sum(w * (state @ net.value) for w, state in zip(weights / weights.sum(), states, strict=True))
    np.testing.assert_allclose(characters.read(net, np.array(states)[None])[0, 4], want, rtol=1e-10)


def test_the_tale_is_small_letters_and_its_end_is_held_out():
    assert set(characters.TALE) <= set("abcdefghijklmnopqrstuvwxyz .,:")
    assert "".join(characters.LETTERS[i] for i in characters.NUMBERS) == characters.TALE
