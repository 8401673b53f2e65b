"""The sphere's formulas as they stand in the book, one full array per expression: oracles for the fast ones."""

import numpy as np


def polar(h):
    """(|h|, h/|h|), and (0, 0) for a zero column."""
    length = np.sqrt(np.sum(h * h, axis=0))
    return length, h / np.where(length > 0, length, 1)


def normalize(w):
    return polar(w)[1]


def project(y, g):
    return g - y * np.sum(y * g, axis=0)


def exp(y, h):
    theta, u = polar(h)
    return y * np.cos(theta) + u * np.sin(theta)


def transport(y, h, v):
    theta, u = polar(h)
    return v - np.sum(u * v, axis=0) * (y * np.sin(theta) + u * (1 - np.cos(theta)))


def log(y, x):
    x = normalize(x)
    return polar(project(y, x))[1] * np.arccos(np.sum(x * y, axis=0))
