"""Optimisers by optax's protocol and under its names: pure pairs of `init` and `update`, whose states are trees.

>>> import numpy as np
>>> from funcgrad import jit, optim, value_and_grad
>>> optimizer = optim.chain(optim.clip_by_global_norm(10.0), optim.adam(0.1))
>>> @jit
... def step(x, state):
...     value, slope = value_and_grad(lambda x: np.sum((x - 1.0) ** 2))(x)
...     updates, state = optimizer.update(slope, state, x)
...     return optim.apply_updates(x, updates), state
>>> x = np.zeros(2)
>>> state = optimizer.init(x)
>>> for _ in range(200):
...     x, state = step(x, state)
>>> x.round(3)
array([1., 1.])
"""

from funcgrad.optim.accumulating import MultiSteps, MultiStepsState, skip_not_finite
from funcgrad.optim.curvature import ScaleByLBFGSState, lbfgs, scale_by_lbfgs
from funcgrad.optim.injecting import InjectHyperparamsState, inject_hyperparams
from funcgrad.optim.limiting import (
    MaskedNode,
    MaskedState,
    WeightDecaySchedule,
    add_decayed_weights,
    clip,
    clip_by_global_norm,
    global_norm,
    masked,
)
from funcgrad.optim.optimisers import adagrad, adam, adamw, rmsprop, sgd
from funcgrad.optim.protocol import (
    EmptyState,
    GradientTransformation,
    GradientTransformationExtraArgs,
    apply_updates,
    chain,
    identity,
    set_to_zero,
    stateless,
    with_extra_args_support,
)
from funcgrad.optim.scaling import (
    EmaState,
    ScaleByAdamState,
    ScaleByRmsState,
    ScaleByRmsWithCountState,
    ScaleByRssState,
    ScaleByRStdDevState,
    ScaleByRStdDevWithCountState,
    ScaleByScheduleState,
    TraceState,
    ema,
    scale,
    scale_by_adam,
    scale_by_learning_rate,
    scale_by_rms,
    scale_by_rss,
    scale_by_schedule,
    scale_by_stddev,
    trace,
)
from funcgrad.optim.schedules import (
    constant_schedule,
    cosine_decay_schedule,
    cosine_onecycle_schedule,
    exponential_decay,
    join_schedules,
    linear_onecycle_schedule,
    linear_schedule,
    piecewise_constant_schedule,
    piecewise_interpolate_schedule,
    polynomial_schedule,
    warmup_constant_schedule,
    warmup_cosine_decay_schedule,
    warmup_exponential_decay_schedule,
)
from funcgrad.optim.searching import (
    BacktrackingLinesearchInfo,
    ScaleByBacktrackingLinesearchState,
    scale_by_backtracking_linesearch,
    value_and_grad_from_state,
)
from funcgrad.optim.zooming import ScaleByZoomLinesearchState, ZoomLinesearchInfo, scale_by_zoom_linesearch

__all__ = [
    "BacktrackingLinesearchInfo", "EmaState", "EmptyState", "GradientTransformation",
    "GradientTransformationExtraArgs", "InjectHyperparamsState", "MaskedNode", "MaskedState", "MultiSteps",
    "MultiStepsState", "ScaleByAdamState", "ScaleByBacktrackingLinesearchState", "ScaleByLBFGSState",
    "ScaleByRStdDevState", "ScaleByRStdDevWithCountState", "ScaleByRmsState", "ScaleByRmsWithCountState",
    "ScaleByRssState", "ScaleByScheduleState", "ScaleByZoomLinesearchState", "TraceState", "WeightDecaySchedule",
    "ZoomLinesearchInfo", "adagrad", "adam", "adamw", "add_decayed_weights", "apply_updates", "chain", "clip",
    "clip_by_global_norm", "constant_schedule", "cosine_decay_schedule", "cosine_onecycle_schedule", "ema",
    "exponential_decay", "global_norm", "identity", "inject_hyperparams", "join_schedules", "lbfgs",
    "linear_onecycle_schedule", "linear_schedule", "masked", "piecewise_constant_schedule",
    "piecewise_interpolate_schedule", "polynomial_schedule", "rmsprop", "scale", "scale_by_adam",
    "scale_by_backtracking_linesearch", "scale_by_lbfgs", "scale_by_learning_rate", "scale_by_rms", "scale_by_rss",
    "scale_by_schedule", "scale_by_stddev", "scale_by_zoom_linesearch", "set_to_zero", "sgd", "skip_not_finite",
    "stateless", "trace", "value_and_grad_from_state", "warmup_constant_schedule", "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule", "with_extra_args_support",
]  # fmt: skip
