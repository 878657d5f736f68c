"""Optimisers and schedules by optax's names, and a problem for them: what optax and `funcgrad.optim` both are given."""

import numpy as np

#: Where a run begins, and what makes its loss uneven.
START = {"w": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": np.array([0.1, -0.4])}
WEIGHTS = {"w": np.array([[1.0, 0.3], [2.0, 0.1]]), "b": np.array([0.7, 1.5])}
STEPS = 8

#: By name: a function of the library (optax, or funcgrad.optim) to a transformation.
OPTIMISERS = {
    "sgd": lambda o: o.sgd(0.1),
    "momentum": lambda o: o.sgd(0.1, momentum=0.9),
    "nesterov": lambda o: o.sgd(0.1, momentum=0.9, nesterov=True),
    "adam": lambda o: o.adam(0.1),
    "adam nesterov": lambda o: o.adam(0.1, b1=0.8, b2=0.95, eps=1e-3, eps_root=1e-4, nesterov=True),
    "adamw": lambda o: o.adamw(0.1, weight_decay=0.05, mask={"w": True, "b": False}),
    "adagrad": lambda o: o.adagrad(0.3),
    "rmsprop": lambda o: o.rmsprop(0.05),
    "rmsprop centred": lambda o: o.rmsprop(0.05, eps=1e-3, centered=True, momentum=0.9, nesterov=True),
    "rmsprop centred, unbiased": lambda o: o.rmsprop(0.05, eps=0.1, centered=True, bias_correction=True),
    "rmsprop outside": lambda o: o.rmsprop(
        0.05, decay=0.7, eps_in_sqrt=False, initial_scale=0.5, momentum=0.5, bias_correction=True
    ),
    "clip": lambda o: o.chain(o.clip(0.5), o.sgd(0.2)),
    "global norm": lambda o: o.chain(o.clip_by_global_norm(1.0), o.trace(0.5), o.scale(-0.2)),
    "weight decay by schedule": lambda o: o.chain(o.add_decayed_weights(lambda count: 0.1 / (1 + count)), o.sgd(0.1)),
    "masked": lambda o: o.chain(o.masked(o.scale_by_adam(), lambda tree: {"w": False, "b": True}), o.scale(-0.05)),
    "ema": lambda o: o.chain(o.ema(0.8), o.sgd(0.1)),
    "ema biased": lambda o: o.chain(o.ema(0.8, debias=False), o.sgd(0.1)),
    "every third": lambda o: o.MultiSteps(o.adam(0.1), 3, accumulator_dtype=np.float64).gradient_transformation(),
    "every second, sum": lambda o: o.MultiSteps(
        o.sgd(0.1), lambda step: 2, use_grad_mean=False, accumulator_dtype=np.float64
    ).gradient_transformation(),
    "by schedule": lambda o: o.adam(o.warmup_cosine_decay_schedule(0.0, 0.3, 3, 8)),
    "one cycle": lambda o: o.sgd(o.cosine_onecycle_schedule(8, 0.05), momentum=0.9),
    "injected": lambda o: o.inject_hyperparams(o.adamw)(lambda count: 0.1 / (1 + count), b1=0.8, weight_decay=0.01),
    "lbfgs": lambda o: o.lbfgs(),
    "lbfgs of two steps": lambda o: o.lbfgs(0.8, memory_size=2, scale_init_precond=False),
    "lbfgs, fixed step": lambda o: o.lbfgs(0.1, memory_size=3, linesearch=None),
    "lbfgs, backtracking": lambda o: o.lbfgs(
        memory_size=4, linesearch=o.scale_by_backtracking_linesearch(15, decrease_factor=0.5, store_grad=True)
    ),
    "descent with zoom": lambda o: o.chain(
        o.scale(-3.0), o.scale_by_zoom_linesearch(15, max_learning_rate=2.0, initial_guess_strategy="keep")
    ),
    "descent with strict zoom": lambda o: o.chain(
        o.scale(-0.01), o.scale_by_zoom_linesearch(25, curv_rtol=0.01, approx_dec_rtol=None, tol=1e-9)
    ),
}
#: Those whose update reads the loss.
SEARCHING = {name for name in OPTIMISERS if name.startswith("lbfgs") or "zoom" in name}

SCHEDULES = {
    "constant": lambda o: o.constant_schedule(0.3),
    "polynomial": lambda o: o.polynomial_schedule(1.0, 0.1, 3, 10, 2),
    "linear": lambda o: o.linear_schedule(0.0, 1.0, 7),
    "staircase": lambda o: o.piecewise_constant_schedule(1.0, {3: 0.5, 8: 0.1}),
    "exponential": lambda o: o.exponential_decay(1.0, 5, 0.5, 2, end_value=0.2),
    "exponential stairs": lambda o: o.exponential_decay(1.0, 3, 1.5, staircase=True, end_value=4.0),
    "cosine": lambda o: o.cosine_decay_schedule(1.0, 9, 0.1, 1.5),
    "warm-up": lambda o: o.warmup_constant_schedule(0.1, 1.0, 5),
    "warm-up and cosine": lambda o: o.warmup_cosine_decay_schedule(0.0, 1.0, 4, 12, 0.05),
    "warm-up and exponential": lambda o: o.warmup_exponential_decay_schedule(0.0, 1.0, 4, 5, 0.6, end_value=0.3),
    "one cycle of lines": lambda o: o.linear_onecycle_schedule(14, 1.0),
    "one cycle of cosines": lambda o: o.cosine_onecycle_schedule(14, 1.0),
    "joined": lambda o: o.join_schedules([o.constant_schedule(1.0), o.linear_schedule(0.5, 0.0, 5)], [6]),
}
COUNTS = range(18)


def loss(params):
    """Σ c(p - 1)² + p⁴/10: uneven, and steeper than a parabola."""
    return sum([(WEIGHTS[name] * (p - 1.0) ** 2 + 0.1 * p**4).sum() for name, p in params.items()])


def slope(params):
    """Its gradient, by hand."""
    return {name: 2 * WEIGHTS[name] * (p - 1.0) + 0.4 * p**3 for name, p in params.items()}


def run(library, optimiser, params, steps=STEPS):
    """The parameters after some steps, and the state."""
    transformation = OPTIMISERS[optimiser](library)
    state = transformation.init(params)
    for _ in range(steps):
        grad = slope(params)
        extra = {"value": loss(params), "grad": grad, "value_fn": loss} if optimiser in SEARCHING else {}
        if optimiser == "lbfgs, fixed step":
            extra = {}
        updates, state = transformation.update(grad, state, params, **extra)
        params = library.apply_updates(params, updates)
    return params, state
