"""Handwritten digits: both networks tell at least 97 % of the images held out."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from funcgrad import random
from funcgrad.examples import digits
from tests.programs.reporting import told


@pytest.mark.parametrize(("name", "epochs"), [("dense", 20), ("convolutions", 8)])
def test_networks_tell_digits(name, epochs):
    lines, fit = told(digits.learned(name, 1, epochs))
    assert fit.tested[-1] >= 0.97
    assert fit.tested[-1] == np.mean(fit.said == fit.test.digit)
    assert fit.losses[-1] < fit.losses[0] / 10
    assert len(lines) >= 5


def test_a_quarter_is_held_out():
    train, test = digits.split(random.key(1))
    assert (len(train.x), len(test.x)) == (1348, 449)
    assert np.bincount(np.concatenate([train.digit, test.digit])).min() > 170
    assert (train.x.min(), train.x.max()) == (0, 1)
    rows = {image.tobytes() for image in train.x}
    assert sum(image.tobytes() in rows for image in test.x) == 0


def test_the_report_shows_both(monkeypatch):
    monkeypatch.setattr(digits, "NETWORKS", {"convolutions": digits.NETWORKS["dense"]})
    lines, fits = told(digits.report(seed=2, epochs=1))
    assert lines[0].startswith("convolutions  epoch   1")
    assert list(fits) == ["convolutions"]
