"""What an answer of a transform must be."""

import numpy as np


def same(got, want, rtol=1e-12):
    """Assert that `got` is a number, or an array of numbers, of the size wanted."""
    assert isinstance(got, float | np.ndarray | np.generic)
    assert np.shape(got) == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-15)
