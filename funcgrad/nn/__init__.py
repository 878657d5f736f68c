"""Networks of pure functions: layers are pairs (init, apply) over explicit trees of parameters.

Nothing here has a state of its own: parameters, running statistics and keys are arguments, and answers.

>>> import numpy as np
>>> from funcgrad import grad, nn, random
>>> net = nn.serial(nn.dense(16), nn.relu, nn.dense(3))
>>> shape, params = net.init(random.key(0), (-1, 4))
>>> loss = lambda params, x, y: np.mean(nn.softmax_cross_entropy_with_integer_labels(net.apply(params, x), y))
>>> slope = grad(loss)(params, np.ones((5, 4)), np.array([0, 1, 2, 0, 1]))
>>> shape, slope[0]["kernel"].shape
((-1, 3), (4, 16))
"""

from funcgrad.nn import initializers, losses
from funcgrad.nn.activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    identity,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_sign,
    softplus,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
    tanh,
)
from funcgrad.nn.attention import dot_product_attention, multi_head_attention
from funcgrad.nn.combining import fan_in_concat, fan_in_sum, fan_out, parallel, residual, serial
from funcgrad.nn.exponentials import log_softmax, logsumexp, one_hot, softmax, standardize
from funcgrad.nn.layer import Layer, flatten, lifted
from funcgrad.nn.layers import dense, dropout, embedding, linear
from funcgrad.nn.losses import (
    hinge_loss,
    huber_loss,
    kl_divergence,
    l1_penalty,
    l2_penalty,
    mae,
    mse,
    sigmoid_binary_cross_entropy,
    softmax_cross_entropy,
    softmax_cross_entropy_with_integer_labels,
    squared_error,
)
from funcgrad.nn.normalizing import batch_norm, group_norm, layer_norm
from funcgrad.nn.recurrent import gru, lstm, rnn
from funcgrad.nn.windows import average_pooling, avg_pool, conv, convolution, max_pool, max_pooling

__all__ = [
    "Layer", "average_pooling", "avg_pool", "batch_norm", "celu", "conv", "convolution", "dense",
    "dot_product_attention", "dropout", "elu", "embedding", "fan_in_concat", "fan_in_sum", "fan_out", "flatten",
    "gelu", "glu", "group_norm", "gru", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "hinge_loss",
    "huber_loss", "identity", "initializers", "kl_divergence", "l1_penalty", "l2_penalty", "layer_norm", "leaky_relu",
    "lifted", "linear", "log_sigmoid", "log_softmax", "logsumexp", "losses", "lstm", "mae", "max_pool", "max_pooling",
    "mish", "mse", "multi_head_attention", "one_hot", "parallel", "relu", "relu6", "residual", "rnn", "selu", "serial",
    "sigmoid", "sigmoid_binary_cross_entropy", "silu", "soft_sign", "softmax", "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels", "softplus", "sparse_plus", "sparse_sigmoid", "squared_error",
    "squareplus", "standardize", "swish", "tanh",
]  # fmt: skip
