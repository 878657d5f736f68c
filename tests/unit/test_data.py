import csv
from importlib.resources import files

import numpy as np
import pytest

from funcgrad import data


@pytest.mark.parametrize(
    ("load", "shape", "kind"), [(data.iris, (150, 4), np.int64), (data.diabetes, (442, 10), np.float64)]
)
def test_features_and_answers_have_the_stated_shapes_and_dtypes(load, shape, kind):
    features, answers = load()
    assert (features.shape, features.dtype) == (shape, np.float64)
    assert (answers.shape, answers.dtype) == (shape[:1], kind)


@pytest.mark.parametrize("load", [data.iris, data.diabetes])
def test_each_call_returns_arrays_of_its_own(load):
    first, again = load(), load()
    for mine, other in zip(first, again, strict=True):
        mine[...] = 0
        assert mine.base is None
        assert other.any()
    assert not np.shares_memory(*first)


@pytest.mark.parametrize(("name", "last"), [("iris.csv", "species"), ("diabetes.csv", "progression")])
def test_every_row_has_the_columns_of_the_heading(name, last):
    heading, *rows = csv.reader(files(data).joinpath(name).read_text(encoding="utf-8").splitlines())
    assert heading[-1] == last
    assert {len(row) for row in rows} == {len(heading)}


def test_iris_has_fifty_flowers_of_each_species():
    _, labels = data.iris()
    assert len(data.IRIS_SPECIES) == 3
    assert labels.tolist() == [0] * 50 + [1] * 50 + [2] * 50


def test_iris_has_fishers_means():
    features, labels = data.iris()
    means = [features[labels == species].mean(axis=0) for species in range(3)]
    np.testing.assert_allclose(
        means, [[5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326], [6.588, 2.974, 5.552, 2.026]]
    )


def test_iris_is_the_table_as_printed():
    """Widespread copies differ from Fisher's table in two flowers, the 35th and the 38th."""
    features, _ = data.iris()
    assert features[[34, 37]].tolist() == [[4.9, 3.1, 1.5, 0.2], [4.9, 3.6, 1.4, 0.1]]


def test_diabetes_has_the_known_means():
    features, progression = data.diabetes()
    known = [48.5181, 1.468326, 26.375792, 94.647014, 189.140271, 115.43914, 49.788462, 4.070249, 4.641411, 91.260181]
    np.testing.assert_allclose(features.mean(axis=0), known, rtol=1e-6)
    np.testing.assert_allclose(progression.mean(), 152.133484, rtol=1e-6)


def test_diabetes_has_the_papers_least_squares_fit():
    """All ten columns explain 51.8 % of the variance; with columns of unit length, bmi has the slope 519.8."""
    features, progression = data.diabetes()
    centred = features - features.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=0)
    target = progression - progression.mean()
    slopes, residual, *_ = np.linalg.lstsq(unit, target)
    np.testing.assert_allclose(slopes[2], 519.8, atol=0.1)
    np.testing.assert_allclose(1 - residual / (target @ target), 0.5177, atol=1e-4)
