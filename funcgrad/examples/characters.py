"""A recurrent network with attention learns a short tale, letter by letter, and tells it on.

The state of the network goes through a `scan`. At each letter it looks back, by attention, at all of its earlier
states, and says how probable each letter is as the next. The tale is in this package; its end is held out.

D. Bahdanau, K. Cho and Y. Bengio, *Neural machine translation by jointly learning to align and translate* (2015), for
the idea; A. Vaswani and others, *Attention is all you need* (2017), equation 1, for the formula.
"""

import sys
from collections.abc import Generator, Iterator
from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np
from attrs import frozen

import funcgrad.numpy as fnp
from funcgrad import data, jit, lax, nn, optim, random
from funcgrad.examples.running import main
from funcgrad.examples.training import by_epoch, told

TALE = " ".join(files("funcgrad.examples").joinpath("tale.txt").read_text(encoding="utf-8").split())
#: Its letters, and the tale as their numbers.
LETTERS = "".join(sorted(set(TALE)))
NUMBERS = np.array([LETTERS.index(letter) for letter in TALE])
#: How many letters at the end are held out.
HELD_OUT = 300
#: How far the network sees, the size of its state, and that of a letter.
WINDOW, UNITS, SIZE = 40, 64, 24
BATCH, RATE = 32, 4e-3


# ---- the network ---------------------------------------------------------------------------------------------------
@frozen
class Network:
    """What the network learns."""

    #: A row for each letter, (letters, SIZE).
    letters: Any
    #: From letter to state, (SIZE, UNITS), from state to state, (UNITS, UNITS), and the bias.
    w: Any
    u: Any
    b: Any
    #: What a state asks for, what it answers to, and what it has to say: (UNITS, UNITS) each.
    query: Any
    key: Any
    value: Any
    #: From a state and what it has read to the letters, (2·UNITS, letters).
    last: Any


def initial(key: Any) -> Network:
    """Normal weights of variance 1/inputs, and no bias."""
    shapes = {
        "letters": (len(LETTERS), SIZE),
        "w": (SIZE, UNITS),
        "u": (UNITS, UNITS),
        **dict.fromkeys(("query", "key", "value"), (UNITS, UNITS)),
        "last": (2 * UNITS, len(LETTERS)),
    }
    keys = random.split(key, len(shapes))
    drawn = {
        name: random.normal(one, shapes[name]) * shapes[name][0] ** -0.5 for name, one in zip(shapes, keys, strict=True)
    }
    return Network(b=np.zeros(UNITS), **drawn)


def states(net: Network, numbers: Any) -> Any:
    """h = tanh(x W + h' U + b), letter after letter: (batch, time) to (batch, time, UNITS)."""

    def step(h: Any, x: Any) -> Any:
        h = np.tanh(x + h @ net.u)
        return h, h

    x = fnp.take(net.letters, numbers.T, axis=0) @ net.w + net.b
    _, h = lax.scan(step, np.zeros((len(numbers), UNITS)), x)
    return np.swapaxes(h, 0, 1)


def read(net: Network, h: Any) -> Any:
    """What each state reads from those up to it: softmax(q kᵀ / √n) v."""
    scores = (h @ net.query) @ np.swapaxes(h @ net.key, 1, 2) / UNITS**0.5
    return nn.softmax(np.where(np.tri(h.shape[1], dtype=bool), scores, -np.inf)) @ (h @ net.value)


def logits(net: Network, numbers: Any) -> Any:
    """For each letter the scores of the next: (batch, time, letters)."""
    h = states(net, numbers)
    return np.concatenate([h, read(net, h)], axis=2) @ net.last


def loss(net: Network, numbers: Any) -> Any:
    """The mean surprise at the next letter, in natural units, over rows of WINDOW + 1 letters."""
    return np.mean(nn.softmax_cross_entropy_with_integer_labels(logits(net, numbers[:, :-1]), numbers[:, 1:]))


# ---- training ------------------------------------------------------------------------------------------------------
def windows(numbers: Any, apart: int = 1) -> Any:
    """Rows of WINDOW + 1 letters."""
    return np.lib.stride_tricks.sliding_window_view(numbers, WINDOW + 1)[::apart].copy()


def training(seed: int, epochs: int) -> Iterator[Any]:
    """The steps of Adam, whose rate falls as a cosine."""
    first, order = random.split(random.key(seed))
    rows = windows(NUMBERS[:-HELD_OUT])
    rate = optim.cosine_decay_schedule(RATE, epochs * (len(rows) // BATCH))
    optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adam(rate))
    settings = {"key": order, "batch_size": BATCH, "epochs": epochs, "drop_remainder": True}
    steps: Iterator[Any] = data.fit(loss, initial(first), rows, optimizer, **settings)
    return steps


@partial(jit, static_argnames="count")
def told_on(net: Network, numbers: Any, key: Any, count: int) -> Any:
    """So many letters more after WINDOW of them, each drawn with a probability like p², p the network's."""

    def step(seen: Any, key: Any) -> Any:
        letter = random.categorical(key, 2 * logits(net, seen[None])[0, -1])
        seen = np.concatenate([seen[1:], letter[None]])
        return seen, letter

    return lax.scan(step, numbers, random.split(key, count))[1]


def text(net: Network, seed: int = 1, count: int = 200) -> str:
    """How the network goes on after the beginning of the tale."""
    return "".join(LETTERS[i] for i in told_on(net, NUMBERS[:WINDOW], random.key(seed), count))


# ---- what there is to see ------------------------------------------------------------------------------------------
@frozen
class Fit:
    """A network that has learned, and how."""

    #: The surprise by epoch, in bits a letter: at the tale, and at its end.
    learned: list[float]
    held_out: list[float]
    net: Network


def report(seed: int = 0, epochs: int = 8) -> Generator[str, None, Fit]:
    """The surprise at the tale and at its end, epoch by epoch; then how the network tells it."""
    end = windows(NUMBERS[-HELD_OUT:], 10)
    surprise = jit(loss)
    learned, held_out = [], []
    yield f"{len(TALE)} letters, {len(LETTERS)} of them different: {np.log2(len(LETTERS)):.2f} bits a letter at first"
    for value, last in by_epoch(training(seed, epochs)):
        learned.append(value / np.log(2))
        held_out.append(float(surprise(last.params, end)) / np.log(2))
        if last.epoch in told(epochs):
            yield f"epoch {last.epoch:3}  bits a letter {learned[-1]:.3f}  of the end, held out {held_out[-1]:.3f}"
    yield f"“{TALE[:WINDOW]}|{text(last.params)}”"
    return Fit(learned, held_out, last.params)


def picture(figure: Any, fit: Fit) -> None:
    """The surprise by epoch, and at which earlier letters the network looks."""
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(fit.learned) + 1)
    left.plot(epochs, fit.learned, ".-", label="of the tale")
    left.plot(epochs, fit.held_out, ".-", label="of its end, held out")
    left.set(xlabel="epoch", title="bits a letter")
    left.legend(frameon=False)
    h = states(fit.net, NUMBERS[None, :WINDOW])[0]
    scores = (h @ fit.net.query) @ (h @ fit.net.key).T / UNITS**0.5
    weights = nn.softmax(np.where(np.tri(WINDOW, dtype=bool), scores, -np.inf))
    right.imshow(weights, cmap="Blues", vmax=0.6)
    letters = [letter.replace(" ", "␣") for letter in TALE[:WINDOW]]
    right.set_xticks(range(WINDOW), letters, fontsize=5)
    right.set_yticks(range(WINDOW), letters, fontsize=5)
    right.tick_params(length=0)
    right.set(title="attention: a row for each letter")


if __name__ == "__main__":
    sys.exit(main(["characters", *sys.argv[1:]]))
