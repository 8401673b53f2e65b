"""Parameters, the layers that hold them, and the networks made of layers: `y, pullback = model(x, training=True)`."""

from .calibrate import estimate_moments, start_weight_norm
from .compose import Residual, Sequential
from .invariant import normalized_weights, on_sphere
from .layer import Layer
from .layers import (
    AvgPool,
    BatchNorm,
    Conv2D,
    Dropout,
    Flatten,
    GlobalAvgPool,
    LayerNorm,
    Linear,
    MaxPool,
    NormPropLinear,
    ReLU,
    RMSNorm,
    WeightNormLinear,
)
from .measure import Invariance, invariance_table, measure_invariance
from .models import cnn, mlp, vgg, wide_resnet
from .parameter import Parameter

__all__ = [
    "AvgPool",
    "BatchNorm",
    "Conv2D",
    "Dropout",
    "Flatten",
    "GlobalAvgPool",
    "Invariance",
    "Layer",
    "LayerNorm",
    "Linear",
    "MaxPool",
    "NormPropLinear",
    "Parameter",
    "RMSNorm",
    "ReLU",
    "Residual",
    "Sequential",
    "WeightNormLinear",
    "cnn",
    "estimate_moments",
    "invariance_table",
    "measure_invariance",
    "mlp",
    "normalized_weights",
    "on_sphere",
    "start_weight_norm",
    "vgg",
    "wide_resnet",
]
