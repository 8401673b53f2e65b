"""Parameters, the layers that hold them, and the networks made of layers: `y, pullback = model(x, training=True)`."""

from .compose import Sequential
from .invariant import on_sphere
from .layer import Layer
from .layers import BatchNorm, Flatten, Linear, ReLU
from .models import mlp
from .parameter import Parameter

__all__ = ["BatchNorm", "Flatten", "Layer", "Linear", "Parameter", "ReLU", "Sequential", "mlp", "on_sphere"]
