"""Random numbers by explicit keys, under JAX's names: what is drawn is a function of the key and of nothing else.

Bits are those of NumPy's Philox, the same on every machine; what makes numbers of them is funcgrad's own. Draws are
functions as any other: they batch, stage, are saved, and have derivatives in their parameters where these exist.

>>> from funcgrad import random
>>> one, other = random.split(random.key(0))
>>> random.normal(one).round(4), random.normal(other).round(4)
(np.float64(0.3176), np.float64(1.4112))
"""

from funcgrad.random.continuous import (
    beta,
    dirichlet,
    exponential,
    gamma,
    loggamma,
    multivariate_normal,
    normal,
    truncated_normal,
    uniform,
)
from funcgrad.random.discrete import bernoulli, categorical, poisson, randint
from funcgrad.random.keys import bits, fold_in, key, split
from funcgrad.random.shuffling import choice, permutation

__all__ = [
    "bernoulli", "beta", "bits", "categorical", "choice", "dirichlet", "exponential", "fold_in", "gamma", "key",
    "loggamma", "multivariate_normal", "normal", "permutation", "poisson", "randint", "split", "truncated_normal",
    "uniform",
]  # fmt: skip
