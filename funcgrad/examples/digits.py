"""Handwritten digits told apart, by a network of dense layers and by one of convolutions.

1,797 images of 8 × 8 grey values, from scikit-learn (the extra [examples]); a quarter of them is held out for the test.

E. Alpaydin and C. Kaynak, *Optical recognition of handwritten digits*, UCI Machine Learning Repository (1998).
"""

import sys
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad import data, jit, nn, optim, random
from funcgrad.errors import MissingExtra
from funcgrad.examples.running import main
from funcgrad.examples.training import by_epoch, told

try:
    from sklearn.datasets import load_digits
except ImportError as error:
    raise MissingExtra("The digits need scikit-learn. Install it: pip install 'funcgrad[examples]'.") from error

BATCH, RATE = 64, 5e-3
#: The networks by name: each takes images (n, 8, 8, 1) and gives ten scores.
NETWORKS = {
    "dense": nn.serial(nn.flatten(), nn.dense(128), nn.relu, nn.dense(64), nn.relu, nn.dense(10)),
    "convolutions": nn.serial(
        nn.conv(16, (3, 3)),
        nn.relu,
        nn.conv(32, (3, 3)),
        nn.relu,
        nn.max_pool((2, 2), (2, 2)),
        nn.flatten(),
        nn.dense(10),
    ),
}


# ---- data ----------------------------------------------------------------------------------------------------------
@frozen
class Images:
    """Images and what they show."""

    #: Grey values in [0, 1], (n, 8, 8, 1).
    x: Any
    #: The digits, (n,).
    digit: Any


def split(key: Any) -> tuple[Images, Images]:
    """A training set and a test set of a quarter of the images."""
    images, digits = load_digits(return_X_y=True)
    x = images.reshape(-1, 8, 8, 1) / 16
    order = random.permutation(key, len(x))
    test, train = order[: len(x) // 4], order[len(x) // 4 :]
    return Images(x[train], digits[train]), Images(x[test], digits[test])


# ---- training ------------------------------------------------------------------------------------------------------
@frozen
class Fit:
    """A network that has learned, and how."""

    #: The loss, and the accuracy on the test set, by epoch.
    losses: list[float]
    tested: list[float]
    #: What the network says of the test set, and the test set.
    said: Any
    test: Images


def training(network: nn.Layer, train: Images, key: Any, epochs: int) -> Iterator[Any]:
    """The steps of Adam, whose rate falls as a cosine."""

    def loss(params: Any, images: Images) -> Any:
        return np.mean(nn.softmax_cross_entropy_with_integer_labels(network.apply(params, images.x), images.digit))

    first, order = random.split(key)
    _, params = network.init(first, (-1, 8, 8, 1))
    rate = optim.cosine_decay_schedule(RATE, epochs * (len(train.x) // BATCH))
    settings = {"key": order, "batch_size": BATCH, "epochs": epochs, "drop_remainder": True}
    steps: Iterator[Any] = data.fit(loss, params, train, optim.adam(rate), **settings)
    return steps


def learned(name: str, seed: int, epochs: int) -> Generator[str, None, Fit]:
    """A line for some of the epochs; then what came of them."""
    first, second = random.split(random.key(seed))
    train, test = split(first)
    network = NETWORKS[name]
    said = jit(lambda params, x: np.argmax(network.apply(params, x), axis=1))
    losses, tested = [], []
    for value, last in by_epoch(training(network, train, second, epochs)):
        losses.append(value)
        tested.append(float(np.mean(said(last.params, test.x) == test.digit)))
        if last.epoch in told(epochs, 5):
            yield f"{name:12}  epoch {last.epoch:3}  loss {value:.4f}  test set {tested[-1]:.2%}"
    return Fit(losses, tested, said(last.params, test.x), test)


# ---- what there is to see ------------------------------------------------------------------------------------------
def report(seed: int = 0, epochs: int = 25) -> Generator[str, None, dict[str, Fit]]:
    """The loss and the accuracy on the test set of each network, epoch by epoch."""
    fits = {}
    for name in NETWORKS:
        fits[name] = yield from learned(name, seed, epochs)
    return fits


def picture(figure: Any, fits: dict[str, Fit]) -> None:
    """The accuracies by epoch, and the images that the convolutions told wrong."""
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    for name, fit in fits.items():
        axes.plot(np.arange(1, len(fit.tested) + 1), fit.tested, ".-", label=f"{name}, {fit.tested[-1]:.2%}")
    axes.set(xlabel="epoch", title="accuracy on the test set", ylim=(0.9, 1.0))
    axes.legend(frameon=False, loc="lower right")
    fit = fits["convolutions"]
    wrong = np.flatnonzero(fit.said != fit.test.digit)
    right.suptitle(f"{len(wrong)} of {len(fit.said)} told wrong: what was said, and what it is")
    for ax, i in zip(right.subplots(2, 4).flat, [*wrong[:8], *[None] * 8], strict=False):
        ax.axis("off")
        if i is not None:
            ax.imshow(fit.test.x[i, :, :, 0], cmap="gray_r")
            ax.set(title=f"{fit.said[i]}, {fit.test.digit[i]}")


if __name__ == "__main__":
    sys.exit(main(["digits", *sys.argv[1:]]))
