"""Philox: the numbers of a key are a function of the key and a counter, and of nothing else.

Philox-4x64-10 enciphers a counter of four 64-bit words with a key of two: ten rounds, each two products of 128 bits.
Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3* (SC 2011). NumPy has it in C as
`numpy.random.Philox`, which counts up in the first word of the counter, from the one after that it is given. The other
words are ours: the second numbers the attempts of a rejection, or what is folded in; the fourth is what the numbers
are for, so that what a key draws and the keys that are made of it never meet.
"""

from typing import Any

import numpy as np

#: What numbers are for: draws, the keys of `split`, the keys of `fold_in`, attempts of a rejection.
DRAWS, SPLIT, FOLD, ATTEMPTS = range(4)
#: The multipliers of a round, and what is added to the key after it.
FIRST_FACTOR, SECOND_FACTOR = 0xD2E7470EE14C6C93, 0xCA5A826395121157
FIRST_STEP, SECOND_STEP = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
HALF = 0xFFFFFFFF
#: A batch of more keys than this that draw fewer words than that is quicker together than key by key in C (measured).
FEW, MANY = 32, 256


def high(x: Any, y: Any) -> Any:
    """The upper 64 bits of the products of two arrays of 64-bit words."""
    a, b, c, d = x >> 32, x & HALF, y >> 32, y & HALF
    low, middle, other = b * d, a * d, b * c
    carry = (low >> 32) + (middle & HALF) + (other & HALF)
    return a * c + (middle >> 32) + (other >> 32) + (carry >> 32)


def enciphered(counter: Any, key: Any) -> Any:
    """Philox-4x64-10 of counters (…, 4) under keys (…, 2), which broadcast: four words each."""
    u, v, w, x = [counter[..., i] for i in range(4)]
    k, m = key[..., 0], key[..., 1]
    first, second = np.full(1, FIRST_FACTOR, np.uint64), np.full(1, SECOND_FACTOR, np.uint64)
    for _ in range(10):
        u, v, w, x = high(second, w) ^ v ^ k, second * w, high(first, u) ^ x ^ m, first * u
        k, m = k + np.full(1, FIRST_STEP, np.uint64), m + np.full(1, SECOND_STEP, np.uint64)
    return np.stack(np.broadcast_arrays(u, v, w, x), -1)


def counters(first: Any, second: Any, purpose: int) -> Any:
    """The counters whose first and second words are these."""
    u, v = np.broadcast_arrays(np.asarray(first, np.uint64), np.asarray(second, np.uint64))
    return np.stack([u, v, np.zeros_like(u), np.full_like(u, purpose)], -1)


def words(key: Any, count: int, second: Any, purpose: int) -> Any:
    """The first `count` words of keys (…, 2), for a second word (…) of the counter: (…, count).

    One key is NumPy's own Philox; many keys that each draw few are enciphered together, to the same words.
    """
    keys = key.reshape(-1, 2)
    seconds = np.broadcast_to(np.asarray(second, np.uint64), key.shape[:-1]).reshape(-1)
    if len(keys) > FEW and count < MANY:
        blocks = counters(np.arange(1, -(-count // 4) + 1), seconds[:, None], purpose)
        found = enciphered(blocks, keys[:, None, :]).reshape(len(keys), -1)[:, :count]
        return found.reshape(*key.shape[:-1], count)
    found = np.empty((len(keys), count), np.uint64)
    for i in range(len(keys)):
        counter = np.array([0, seconds[i], 0, purpose], np.uint64)
        found[i] = np.random.Philox(key=keys[i], counter=counter).random_raw(count)
    return found.reshape(*key.shape[:-1], count)


def attempts(key: Any, places: Any, attempt: int) -> Any:
    """The four words that element `places[i]` of the draw of key[i] has for an attempt."""
    return enciphered(counters(places + 1, attempt, ATTEMPTS), key)
