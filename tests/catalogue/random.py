"""Records of funcgrad/random, whose distributions are tested in tests/unit/test_distributions.py."""

from typing import Any

import numpy as np

from funcgrad import random
from tests.catalogue.record import Record
from tests.strategies import Draw, array

KEY = random.key(7)


def truncated(draw: Draw, dtype: str) -> Any:
    """Normal numbers between two bounds."""
    low, width = array(draw, (2,), dtype), array(draw, (3, 1), dtype, "positive")
    return lambda low, width: random.truncated_normal(KEY, low, low + width, dtype=dtype), (low, width)


def normals(draw: Draw, dtype: str) -> Any:
    """Normal vectors of a mean and a covariance."""
    mean, a = array(draw, (2,), dtype), array(draw, (2, 2), dtype)
    return lambda mean, a: random.multivariate_normal(KEY, mean, a @ a.T + np.eye(2, dtype=dtype), (3,)), (mean, a)


RECORDS = [Record("random.truncated_normal", truncated), Record("random.multivariate_normal", normals)]
