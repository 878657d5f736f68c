"""Keys and what is drawn from them: bits, keys of keys, batches, programs, and refusals."""

import numpy as np
import pytest

from funcgrad import (
    Program,
    checkpoint,
    derivative,
    eval_shape,
    grad,
    jacobian,
    jit,
    jvp,
    lax,
    random,
    sparsity,
    stage,
    stop_gradient,
    taylor,
    vmap,
)
from funcgrad.errors import BadArgument, NotReparameterised, UnknownValue
from funcgrad.random import philox
from tests.unit.refusing import check, registry

REFUSALS, refuses = registry()
KEY = random.key(0)

#: What these keys have drawn since the first version, which no later one may change.
GOLDEN = {
    "bits": [6377294700625117040, 16866405013929898668, 6144479157754681455],
    "split": [[6312158256571094726, 10634814581434429480], [1598446939479630672, 11723492092571950057]],
    "fold_in": [9785008443126741433, 14289271794327914297],
    "normal": [-2.271884148324594, -0.7013279206286979, -1.2189801910797582, 0.16217155791645038],
    "gamma": [0.5654710354263668, 3.0547932828730255],
    "poisson": [2, 39, 287],
}

#: Every function that draws, of a key alone.
DRAWS = {
    "bits": lambda key: random.bits(key, (3,)),
    "bits of 16": lambda key: random.bits(key, (2, 3), np.uint16),
    "uniform": lambda key: random.uniform(key, (2, 2), minval=-1.0, maxval=np.array([1.0, 2.0])),
    "uniform float32": lambda key: random.uniform(key, (3,), np.float32, -1, 1),
    "normal": random.normal,
    "normal complex": lambda key: random.normal(key, (2,), complex),
    "normal float32": lambda key: random.normal(key, (3,), np.float32),
    "exponential": lambda key: random.exponential(key, (3,)),
    "gamma": lambda key: random.gamma(key, np.array([0.1, 1.0, 20.0]), (2, 3)),
    "gamma float32": lambda key: random.gamma(key, 2.0, dtype=np.float32),
    "loggamma": lambda key: random.loggamma(key, 1e-4, (3,)),
    "beta": lambda key: random.beta(key, 2.0, np.array([1.0, 6.0])),
    "dirichlet": lambda key: random.dirichlet(key, np.array([0.5, 1.0, 2.0]), (2,)),
    "truncated_normal": lambda key: random.truncated_normal(key, np.array([-1.0, 3.0]), np.inf),
    "multivariate_normal": lambda key: random.multivariate_normal(key, np.zeros(2), np.eye(2) + 0.5, (3,)),
    "multivariate_normal by svd": lambda key: random.multivariate_normal(
        key, np.zeros(2), np.ones((2, 2)), method="svd"
    ),
    "randint": lambda key: random.randint(key, (3,), -5, 7),
    "randint of all": lambda key: random.randint(key, (3,), -(2**63), 2**63),
    "randint of 8": lambda key: random.randint(key, (3,), -128, 128, np.int8),
    "bernoulli": lambda key: random.bernoulli(key, 0.3, (3,)),
    "categorical": lambda key: random.categorical(key, np.log(np.array([[0.2, 0.8], [0.5, 0.5]])), axis=0),
    "poisson": lambda key: random.poisson(key, np.array([0.0, 3.0, 50.0, 1e9])),
    "permutation": lambda key: random.permutation(key, 5),
    "permutation of columns": lambda key: random.permutation(key, np.arange(6.0).reshape(3, 2), independent=True),
    "permutation of slices": lambda key: random.permutation(key, np.arange(6).reshape(2, 3), axis=1),
    "choice": lambda key: random.choice(key, 5, (2, 3)),
    "choice of slices": lambda key: random.choice(key, np.arange(6.0).reshape(2, 3), (2,), axis=-1),
    "choice without replacement": lambda key: random.choice(key, 5, (4,), replace=False),
    "choice by p": lambda key: random.choice(key, 3, (4,), p=np.array([0.0, 1.0, 2.0])),
    "choice by p without replacement": lambda key: random.choice(key, 3, (2,), False, np.array([0.0, 1.0, 2.0])),
    "split": lambda key: random.split(key, (2, 1)),
    "fold_in": lambda key: random.fold_in(key, 3),
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


# ---- bits ------------------------------------------------------------------------------------------------------------
def test_bits_are_these():
    """On every machine and with every version of NumPy."""
    assert random.bits(random.key(2**64 + 12345), (3,)).tolist() == GOLDEN["bits"]
    assert random.split(KEY).tolist() == GOLDEN["split"]
    assert random.fold_in(KEY, 7).tolist() == GOLDEN["fold_in"]


def test_numbers_are_these():
    np.testing.assert_allclose(random.normal(KEY, (4,)), GOLDEN["normal"], rtol=1e-15)
    np.testing.assert_allclose(random.gamma(KEY, np.array([0.5, 3.0])), GOLDEN["gamma"], rtol=1e-14)
    assert random.poisson(KEY, np.array([3.0, 30.0, 300.0])).tolist() == GOLDEN["poisson"]


@pytest.mark.parametrize("count", [1, 6, 300])
def test_many_keys_are_numpys_philox_each(count):
    """Key by key in C, and together by our own rounds."""
    keys = random.split(KEY, 40)
    found = philox.words(keys, count, 5, philox.ATTEMPTS)
    for key, row in zip(keys, found, strict=True):
        assert row.tolist() == np.random.Philox(key=key, counter=[0, 5, 0, 3]).random_raw(count).tolist()


def test_attempts_are_blocks_of_the_same_stream():
    block = philox.attempts(KEY[None], np.array([4], np.uint64), 2)[0]
    stream = np.random.Philox(key=KEY, counter=[0, 2, 0, philox.ATTEMPTS]).random_raw(20)
    assert block.tolist() == stream[16:].tolist()


def test_streams_never_meet():
    streams = [philox.words(KEY, 400, 0, purpose) for purpose in range(4)]
    assert len(np.unique(np.concatenate(streams))) == 1600


def test_keys_of_seeds():
    assert random.key(5).dtype == np.uint64
    assert random.key(np.int8(5)).tolist() == random.key(np.array(5)).tolist() == [5, 0]
    assert random.key(2**128 - 1).tolist() == [2**64 - 1] * 2
    assert vmap(random.key)(np.arange(3)).tolist() == [[0, 0], [1, 0], [2, 0]]
    assert jit(random.key)(7).tolist() == [7, 0]


def test_the_first_keys_of_many_are_those_of_few():
    assert np.array_equal(random.split(KEY, 9)[:4], random.split(KEY, 4))
    assert np.array_equal(random.split(KEY, (2, 2)).reshape(4, 2), random.split(KEY, 4))


def test_a_whole_draw_begins_with_a_smaller_one():
    assert np.array_equal(random.bits(KEY, (3, 4)).ravel()[:5], random.bits(KEY, (5,)))


# ---- batches, programs -----------------------------------------------------------------------------------------------
@every_draw
def test_a_batch_of_keys_gives_the_stack(draw):
    keys = random.split(KEY, 3)
    alone = [draw(key) for key in keys]
    together = vmap(draw)(keys)
    assert together.dtype == np.asarray(alone[0]).dtype
    assert np.array_equal(together, np.stack(alone))


@every_draw
def test_a_program_draws_anew_for_each_key(draw):
    """The one that jit runs, one that was saved, and one of NumPy alone."""
    program, namespace = stage(draw)(KEY), {}
    text = program.source()
    assert "import funcgrad" not in text
    assert "from funcgrad" not in text
    exec(compile(text, "<alone>", "exec"), namespace)
    alone = namespace[[name for name in namespace if callable(namespace[name])][-1]]
    copy = Program.from_json(program.to_json())
    for key in random.split(KEY, 2):
        plain = draw(key)
        for one in (jit(draw), program, copy, alone):
            got = one(key)
            assert type(got) is type(plain)
            assert got.dtype == plain.dtype
            np.testing.assert_allclose(got, plain, rtol=1e-14, atol=1e-15)


@every_draw
def test_types_are_known_before(draw):
    kind, value = eval_shape(draw, KEY), draw(KEY)
    assert (kind.shape, kind.dtype) == (value.shape, value.dtype)


def test_keys_are_carried_by_loops():
    def step(key, x):
        key, own = random.split(key)
        return key, x + random.normal(own)

    last, found = lax.scan(step, KEY, np.zeros(3))
    key = KEY
    for value in found:
        key, own = random.split(key)
        assert value == random.normal(own)
    assert np.array_equal(last, key)


def test_numbers_of_steps_are_folded_in_where_they_are_unknown():
    found = lax.map(lambda i: random.normal(random.fold_in(KEY, i)), np.arange(4))
    assert np.array_equal(found, [random.normal(random.fold_in(KEY, i)) for i in range(4)])


def test_unknown_bounds_and_parameters():
    draw = jit(lambda key, low, high: random.randint(key, (50,), low, high))
    assert set(draw(KEY, -2, 1)) == {-2, -1, 0}
    assert set(draw(KEY, 3, 3)) == {3}
    assert jit(lambda lam: random.poisson(KEY, lam))(np.array([2.0, -1.0, np.nan, 1e20])).tolist()[1:] == [-1] * 3
    assert np.isnan(vmap(lambda a: random.gamma(KEY, a))(np.array([-1.0, np.nan]))).all()
    means = np.array([0.5, 90.0])
    assert np.array_equal(
        vmap(lambda lam: random.poisson(KEY, lam))(means), [random.poisson(KEY, lam) for lam in means]
    )
    assert jit(lambda n: random.normal(KEY, (n,)))(3).shape == (3,)


def test_nothing_to_draw():
    assert random.normal(KEY, (0, 3)).shape == (0, 3)
    assert random.gamma(KEY, np.ones(0)).shape == (0,)
    assert random.poisson(KEY, np.ones((0,))).shape == random.choice(KEY, 0, (0,)).shape == (0,)
    assert random.permutation(KEY, 0).shape == (0,)
    assert random.split(KEY, 0).shape == (0, 2)


# ---- refusals --------------------------------------------------------------------------------------------------------
DISCRETE = {
    "bernoulli": lambda p: np.where(random.bernoulli(KEY, p), 3.0, 1.0) * p,
    "poisson": lambda p: random.poisson(KEY, p) * p,
    "categorical": lambda p: random.categorical(KEY, np.stack([p, 0.0])) * p,
    "choice": lambda p: random.choice(KEY, np.array([1.0, 2.0]), p=np.stack([p, 1 - p])) * p,
}
NESTINGS = {
    "grad": grad,
    "jit grad": lambda f: jit(grad(f)),
    "grad jit": lambda f: grad(jit(f)),
    "jvp": lambda f: lambda p: jvp(f, (p,), (1.0,)),
    "jvp jit": lambda f: lambda p: jvp(jit(f), (p,), (1.0,)),
    "vmap grad": lambda f: lambda p: vmap(grad(f))(np.full(2, p)),
    "grad vmap": lambda f: grad(lambda p: np.sum(vmap(lambda x: f(p) * x)(np.ones(2)))),
    "grad jit vmap": lambda f: grad(lambda p: np.sum(jit(vmap(f))(np.ones(2) * p))),
    "grad scan": lambda f: grad(lambda p: lax.scan(lambda c, x: (c + f(p * x), None), 0.0, np.ones(2))[0]),
    "grad checkpoint": lambda f: grad(checkpoint(f)),
    "jit grad checkpoint": lambda f: jit(grad(checkpoint(f))),
    "jvp checkpoint": lambda f: lambda p: jvp(checkpoint(f), (p,), (1.0,)),
    "taylor": lambda f: lambda p: taylor(f, p, 2)[1:],
    "derivative": lambda f: derivative(f, 2),
    "sparsity": lambda f: lambda p: sparsity(f, p).toarray(),
    "sparse jacobian": lambda f: lambda p: jacobian(f, sparse=True)(p).toarray(),
}


@pytest.mark.parametrize("nesting", NESTINGS.values(), ids=NESTINGS)
@pytest.mark.parametrize("function", DISCRETE.values(), ids=DISCRETE)
def test_a_derivative_in_what_whole_numbers_are_drawn_by_is_refused(function, nesting):
    with pytest.raises(NotReparameterised, match=r"stop_gradient\((p|lam|logits)\), and .* score function"):
        nesting(function)(0.3)
    stopped = nesting(lambda p: function(stop_gradient(p)) * p)
    assert np.all(np.isfinite(np.asarray(stopped(0.3), dtype=float)))


@pytest.mark.parametrize("function", DISCRETE.values(), ids=DISCRETE)
def test_without_a_derivative_they_are_drawn(function):
    assert jit(function)(0.3) == function(0.3) == vmap(function)(np.array([0.3]))[0]
    assert checkpoint(function)(0.3) == function(0.3) == vmap(checkpoint(function))(np.array([0.3]))[0]


@refuses(BadArgument, "normal was given the number 7 as its key.", "random.key(7), and split it.")
def a_seed_as_a_key():
    random.normal(7)


@refuses(BadArgument, "normal was given keys of shape (2, 2) as its key.", "vmap(lambda key: normal(key, …))(keys)")
def keys_as_a_key():
    random.normal(random.split(KEY))


@refuses(BadArgument, "gamma was given a Generator as its key.", "Pass random.key(0), or what random.split makes")
def a_generator_as_a_key():
    random.gamma(np.random.default_rng(0), 1.0)


@refuses(BadArgument, "given float64[2] as its key.", "A key is an array of two 64-bit words.")
def an_array_as_a_key():
    random.fold_in(np.zeros(2), 1)


@refuses(BadArgument, "key was given seed=-1. It is a whole number from 0 to 2**128 - 1.")
def a_negative_seed():
    random.key(-1)


@refuses(BadArgument, "fold_in was given data=1.5. It is a whole number from 0 to 2**64 - 1.")
def a_fraction_folded_in():
    random.fold_in(KEY, 1.5)


@refuses(BadArgument, "given 2.5 as the shape. A shape is a length or a tuple of lengths.", "Write shape=(), (3,)")
def a_fraction_as_a_shape():
    random.normal(KEY, 2.5)


@refuses(UnknownValue, "is not known while vmap traces", "pass n with in_axes=None")
def an_unknown_shape():
    vmap(lambda n: random.normal(KEY, (n,)))(np.arange(3))


@refuses(BadArgument, "normal was given dtype=dtype('int64'). It draws numbers of up to 64 bits.", "dtype=float.")
def whole_normal_numbers():
    random.normal(KEY, dtype=int)


@refuses(BadArgument, "asked for the shape (2,) with parameters of shape (3,).", "Write shape=(2, 3)")
def a_shape_that_does_not_fit():
    random.gamma(KEY, np.ones(3), (2,))


@refuses(BadArgument, "given p = 1.5 where 0 ≤ p ≤ 1 is asked.", "Check p, or clip it with np.clip.")
def a_probability_above_one():
    random.bernoulli(KEY, 1.5)


@refuses(BadArgument, "given lam = an array where 0 ≤ lam < 2**62 is asked of every element.")
def a_negative_mean():
    random.poisson(KEY, np.array([1.0, -1.0]))


@refuses(BadArgument, "given a = 0.0 where a > 0 is asked.")
def a_gamma_number_of_shape_zero():
    random.gamma(KEY, 0.0)


@refuses(BadArgument, "given minval=3 and maxval=3. No number is below maxval.", "maxval is excluded: write maxval + 1")
def an_empty_range():
    random.randint(KEY, (), 3, 3)


@refuses(BadArgument, "given float64 as maxval. It takes whole numbers.", "Convert it with astype(int).")
def a_real_bound():
    random.randint(KEY, (), 0, 3.0)


@refuses(BadArgument, "asked for uint8 between 0 and 257. They do not hold these.")
def a_range_beyond_its_dtype():
    random.randint(KEY, (), 0, 257, np.uint8)


@refuses(BadArgument, "given logits of shape () and axis=-1.", "Give logits an axis of the things to choose from")
def a_single_logit():
    random.categorical(KEY, 1.0)


@refuses(BadArgument, "asked for 4 of 3 things without replacement.", "Ask for fewer, or write replace=True.")
def too_many_of_few():
    random.choice(KEY, 3, (4,), replace=False)


@refuses(BadArgument, "asked for 1 of 0 things.", "Give it something to choose from.")
def one_of_nothing():
    random.choice(KEY, 0)


@refuses(BadArgument, "given p of shape (2,) for 3 things.", "Pass a vector of 3.")
def probabilities_of_other_things():
    random.choice(KEY, 3, p=[0.5, 0.5])


@refuses(BadArgument, "given sum of p = 0.0 where a positive sum is asked.")
def probabilities_of_zero():
    random.choice(KEY, 2, p=np.zeros(2))


@refuses(BadArgument, "given float64 to take from. It takes a whole number n or an array.")
def a_real_number_shuffled():
    random.permutation(KEY, 2.0)


@refuses(BadArgument, "given upper - lower = -1.0 where lower < upper is asked.")
def bounds_exchanged():
    random.truncated_normal(KEY, 2.0, 1.0)


@refuses(BadArgument, "given lower = 40.0 where lower ≤ 37 is asked.")
def bounds_without_probability():
    random.truncated_normal(KEY, 40.0, np.inf)


@refuses(BadArgument, "a mean of shape (2,) and a cov of shape (3, 3).", "Pass np.zeros(n) and np.eye(n).")
def a_covariance_of_other_things():
    random.multivariate_normal(KEY, np.zeros(2), np.eye(3))


@refuses(BadArgument, "given method='qr'.", "Write method='cholesky', 'eigh' or 'svd'.")
def a_covariance_taken_apart_otherwise():
    random.multivariate_normal(KEY, np.zeros(2), np.eye(2), method="qr")


@refuses(BadArgument, "given a number as alpha.", "Pass a vector.")
def a_dirichlet_number():
    random.dirichlet(KEY, 1.0)


@pytest.mark.parametrize(("program", "kind", "sentences"), REFUSALS)
def test_refusals(program, kind, sentences):
    check(program, kind, sentences)
