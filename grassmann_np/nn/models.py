"""A model is a layer that maps inputs to logits: the networks of the paper, and small ones to learn with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..checks import check_between, check_lengths, check_option, check_several, check_whole
from .compose import Residual, Sequential
from .layer import Layer
from .layers import BatchNorm, Conv2D, Dropout, Flatten, GlobalAvgPool, Linear, MaxPool, ReLU

VGG_GROUPS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
VGG_WIDTHS = (64, 128, 256, 512, 512)


def mlp(sizes: Sequence[int], rng: Any) -> Sequential:
    """A multilayer perceptron: Linear-BatchNorm-ReLU for every hidden size, then Linear.  sizes = inputs, ..., classes.

    >>> import numpy as np
    >>> model = mlp([64, 32, 10], np.random.default_rng(0))
    >>> [p.name for p in model.parameters()]
    ['1.w', '2.gamma', '2.beta', '4.w', '4.b']
    """
    sizes = [check_whole("sizes", size, 1) for size in check_several("sizes", sizes)]
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected at least inputs and classes, got {sizes}")
    *hidden, classes = sizes[1:]
    layers: list[Layer] = [Flatten()]
    for n_in, n_out in pairwise([sizes[0], *hidden]):
        layers += [Linear(n_in, n_out, rng, bias=False), BatchNorm(n_out), ReLU()]
    return Sequential(*layers, Linear(sizes[-2], classes, rng))


def cnn(shape: tuple[int, int, int], classes: int, rng: Any, widths: Sequence[int] = (16, 32)) -> Sequential:
    """A small convolutional network: conv 3x3-BatchNorm-ReLU-max pool for every width, then Linear.

    `shape` is (H, W, C) of an image: (8, 8, 1) for the digits, (28, 28, 1) for MNIST.
    Raises ValueError unless H and W can be halved once per width.
    """
    height, width, channels = check_image(shape)
    (classes,) = check_lengths(classes=classes)
    widths = [check_whole("widths", one, 1) for one in check_several("widths", widths)]
    shrink = 2 ** len(widths)
    if height % shrink or width % shrink:
        raise ValueError(f"shape: expected H and W divisible by {shrink}, got {shape}; choose fewer widths")
    layers: list[Layer] = []
    for c_in, c_out in pairwise([channels, *widths]):
        layers += [*_conv_norm_relu(c_in, c_out, rng, gamma=True), MaxPool(2)]
    features = (height // shrink) * (width // shrink) * [channels, *widths][-1]
    return Sequential(*layers, Flatten(), Linear(features, classes, rng))


def vgg(depth: int, classes: int, rng: Any, channels: int = 3) -> Sequential:
    """VGG-11, 13, 16 or 19 for 32x32 images: groups of 3x3 convolutions, 2x2 max pool after each, then dense
    512-512-classes; BatchNorm without gamma on all but the last, as in the authors' code.  The paper has 13 and 19.
    Source: Simonyan and Zisserman 2014.
    """
    depth = check_whole("depth", depth, 1)
    check_option("depth", depth, VGG_GROUPS)
    channels, classes = check_lengths(channels=channels, classes=classes)
    layers: list[Layer] = []
    for width, convolutions in zip(VGG_WIDTHS, VGG_GROUPS[depth], strict=True):
        for _ in range(convolutions):
            layers += _conv_norm_relu(channels, width, rng, gamma=False)
            channels = width
        layers += [MaxPool(2)]
    layers += [Flatten()]
    for _ in range(2):
        layers += [Linear(512, 512, rng, bias=False), BatchNorm(512, gamma=False), ReLU()]
    return Sequential(*layers, Linear(512, classes, rng))


def wide_resnet(depth: int, width: int, classes: int, rng: Any, keep: float = 1.0, channels: int = 3) -> Sequential:
    """WRN-depth-width: conv 3x3 to 16, three groups of (depth - 4)/6 pre-activation blocks of 16, 32, 64 times `width`
    channels with stride 1, 2, 2, BatchNorm-ReLU, global average, Linear.  `keep` is the dropout between the two
    convolutions of a block.  Source: Zagoruyko and Komodakis 2016.
    """
    depth, width, classes, channels = check_lengths(depth=depth, width=width, classes=classes, channels=channels)
    keep = check_between("keep", keep, 0, 1)
    if depth < 10 or (depth - 4) % 6:
        raise ValueError(f"depth: expected 10, 16, 22, 28, ..., got {depth}")
    layers: list[Layer] = [Conv2D(channels, 16, 3, rng, padding=1, bias=False)]
    c_in = 16
    for c_out, stride in ((16 * width, 1), (32 * width, 2), (64 * width, 2)):
        for block in range((depth - 4) // 6):
            layers += _block(c_in, c_out, stride if block == 0 else 1, keep, rng)
            c_in = c_out
    return Sequential(*layers, BatchNorm(c_in), ReLU(), GlobalAvgPool(), Linear(c_in, classes, rng))


def check_image(shape: Any) -> tuple[int, int, int]:
    """The shape of one image (H, W, C).  Raises TypeError or ValueError for anything else."""
    found = [check_whole("shape", length, 1) for length in check_several("shape", shape)]
    if len(found) != 3:
        raise ValueError(f"shape: expected (H, W, C) of an image, got {shape}")
    return found[0], found[1], found[2]


def _conv_norm_relu(c_in: int, c_out: int, rng: Any, gamma: bool) -> list[Layer]:
    return [Conv2D(c_in, c_out, 3, rng, padding=1, bias=False), BatchNorm(c_out, gamma=gamma), ReLU()]


def _block(c_in: int, c_out: int, stride: int, keep: float, rng: Any) -> list[Layer]:
    """BN-ReLU-conv-BN-ReLU-[dropout]-conv beside a shortcut: x itself, or where the shape changes a 1x1 convolution
    of the first activation, which both branches then share.
    """
    activation = [BatchNorm(c_in), ReLU()]
    body = [
        Conv2D(c_in, c_out, 3, rng, stride=stride, padding=1, bias=False),
        BatchNorm(c_out),
        ReLU(),
        *([Dropout(keep, rng)] if keep < 1 else []),
        Conv2D(c_out, c_out, 3, rng, padding=1, bias=False),
    ]
    if c_in == c_out and stride == 1:
        return [Residual(Sequential(*activation, *body))]
    return [*activation, Residual(Sequential(*body), Conv2D(c_in, c_out, 1, rng, stride=stride, bias=False))]
