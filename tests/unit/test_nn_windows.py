"""Convolutions and pooling of funcgrad.nn beside loops, number by number, and refusals."""

from itertools import product

import numpy as np
import pytest

from funcgrad import grad, nn, random
from funcgrad.errors import BadArgument
from funcgrad.testing import check_grads
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
KEY = random.key(0)
RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.standard_normal(shape)


def margins(n, k, s, d, padding):
    if padding == "VALID":
        return 0, 0
    if padding == "SAME":
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        return total // 2, total - total // 2
    return padding


def looped(x, w, s, padding, d, groups):
    """A convolution of one axis, number by number."""
    low, high = margins(len(x), len(w), s, d, padding)
    x = np.concatenate([np.zeros((low, x.shape[1])), x, np.zeros((high, x.shape[1]))])
    count = (len(x) - (len(w) - 1) * d - 1) // s + 1
    z, size, each = np.zeros((count, w.shape[2])), w.shape[1], w.shape[2] // groups
    for i, k, c, f in product(range(count), range(len(w)), range(size), range(w.shape[2])):
        z[i, f] += x[i * s + k * d, f // each * size + c] * w[k, c, f]
    return z


@pytest.mark.parametrize("padding", ["VALID", "SAME", (2, 1)])
@pytest.mark.parametrize(("s", "d", "groups"), [(1, 1, 1), (2, 1, 1), (3, 2, 1), (2, 1, 2), (1, 1, 4)])
def test_convolutions_by_hand(padding, s, d, groups):
    x, w = numbers(2, 9, 4), numbers(3, 4 // groups, 8)
    given = (padding,) if isinstance(padding, tuple) else padding
    z = nn.convolution(x, w, s, given, d, groups)
    np.testing.assert_allclose(z, [looped(one, w, s, padding, d, groups) for one in x], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(nn.convolution(x[0], w, s, given, d, groups), z[0], rtol=1e-12, atol=1e-12)
    check_grads(lambda x, w: nn.convolution(x, w, s, given, d, groups), (x[:1], w), order=1)


@pytest.mark.parametrize("channels", [1, 5])
def test_convolutions_over_two_axes_are_sums_over_one(channels):
    """Row i of the answer is the sum over k of rows s i + k, each convolved with row k of the kernel."""
    x, w = numbers(2, 6, 7, channels), numbers(3, 2, channels, 4)
    want = [sum(nn.convolution(x[:, 2 * i + k], w[k], 1, "VALID") for k in range(3)) for i in range(2)]
    np.testing.assert_allclose(nn.convolution(x, w, (2, 1), "VALID"), np.stack(want, 1), rtol=1e-12, atol=1e-12)


def test_convolutions_of_many_examples_go_in_parts(monkeypatch):
    x, w = numbers(7, 6, 6, 3), numbers(3, 3, 3, 2)
    f = lambda x, w: np.sum(np.sin(nn.convolution(x, w)))
    whole = [nn.convolution(x, w), *grad(f, (0, 1))(x, w)]
    monkeypatch.setattr("funcgrad.primitives.convolving.BYTES", 1)
    parts = [nn.convolution(x, w), *grad(f, (0, 1))(x, w)]
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_convolutions_keep_single_precision_and_take_integers():
    x, w = numbers(1, 5, 2).astype(np.float32), numbers(2, 2, 3).astype(np.float32)
    gradients = grad(lambda x, w: np.sum(nn.convolution(x, w, 2)), (0, 1))(x, w)
    assert {a.dtype for a in (nn.convolution(x, w), *gradients)} == {np.dtype(np.float32)}
    assert nn.convolution(np.ones((4, 1), int), np.ones((2, 1, 1), int), padding="VALID").tolist() == [[2.0]] * 3


@pytest.mark.parametrize("padding", ["VALID", "SAME", ((1, 0), (0, 1))])
@pytest.mark.parametrize(("window", "strides"), [((2, 2), None), ((3, 2), (2, 1)), ((2, 3), (1, 3))])
def test_pooling_by_hand(padding, window, strides):
    x = RNG.permutation(2 * 6 * 7 * 2).reshape(2, 6, 7, 2) / 10
    s = strides or window
    pads = [
        margins(n, k, step, 1, p)
        for n, k, step, p in zip(
            (6, 7), window, s, padding if isinstance(padding, tuple) else [padding] * 2, strict=True
        )
    ]
    wide = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=np.nan)
    counts = [(n - k) // step + 1 for n, k, step in zip(wide.shape[1:3], window, s, strict=True)]
    pieces = [
        [wide[:, i * s[0] : i * s[0] + window[0], j * s[1] : j * s[1] + window[1]] for j in range(counts[1])]
        for i in range(counts[0])
    ]
    gathered = lambda f: np.stack([np.stack([f(piece, axis=(1, 2)) for piece in row], 1) for row in pieces], 1)
    np.testing.assert_allclose(nn.max_pooling(x, window, strides, padding), gathered(np.nanmax))
    np.testing.assert_allclose(nn.average_pooling(x, window, strides, padding, False), gathered(np.nanmean))
    size = window[0] * window[1]
    np.testing.assert_allclose(nn.average_pooling(x, window, strides, padding), gathered(np.nansum) / size)
    for f in (nn.max_pooling, nn.average_pooling):
        check_grads(lambda x, f=f: f(x, window, strides, padding), (x,), order=1, eps=1e-4)


def test_ties_in_a_window_share_the_gradient():
    x = np.array([[1.0], [3.0], [3.0], [2.0]])
    assert grad(lambda x: np.sum(nn.max_pooling(x, 4)))(x).ravel().tolist() == [0, 0.5, 0.5, 0]


# ---- what is refused -------------------------------------------------------------------------------------------------
@refuses(BadArgument, "nn.conv was given 4 channels and 5 features in 2 groups.", "divides both")
def features_in_groups_of_two_sizes():
    nn.conv(5, 3, groups=2).init(KEY, (-1, 9, 4))


@refuses(BadArgument, "nn.convolution was given padding='FULL'.", "Write padding=((1, 1),).")
def a_padding_of_another_name():
    nn.convolution(np.ones((4, 1)), np.ones((2, 1, 1)), padding="FULL")


@refuses(BadArgument, "nn.conv was given strides=0.", "Write strides=(2,).")
def a_stride_of_nothing():
    nn.conv(2, 3, strides=0)


@refuses(BadArgument, "was given (3,) channels for a kernel of shape (2, 1, 1) in 1 groups.", "groups=")
def a_kernel_of_other_channels():
    nn.convolution(np.ones((4, 3)), np.ones((2, 1, 1)))


@refuses(BadArgument, "the lengths (4,). A window of (5,) is wider.", "padding='SAME'")
def a_window_wider_than_the_array():
    nn.max_pooling(np.ones((4, 1)), 5)


@refuses(BadArgument, "was given an array of 2 axes. It takes 2 axes, the channels after them", "x[..., np.newaxis]")
def an_image_without_channels():
    nn.max_pooling(np.ones((4, 4)), (2, 2))


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
