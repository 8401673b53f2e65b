"""The orthogonality term turns the weight vectors of a layer toward right angles with each other.

    L(alpha, W) = alpha/2 |W'W - I|_F^2,      grad = 2 alpha W (W'W - I)          W (n, p), a weight vector a column

It is zero for orthonormal columns. p > n unit columns cannot be orthonormal: then |W'W - I|^2 is at least p^2/n - p.
"""

from __future__ import annotations

import numpy as np

from ..backend import Array, asarray_like
from ..checks import check_arrays, check_lengths, check_number, check_shape
from ..geometry.checks import quiet
from ..sums import column_sums, inner_products, row_sums


@quiet
def orthogonality(w: Array, alpha: float) -> Array:
    """alpha/2 |W'W - I|_F^2 of w (n, p): a number.

    >>> import numpy as np
    >>> float(orthogonality(np.array([[1.0, 0.6], [0.0, 0.8]]), alpha=1.0))
    0.36
    """
    return check_number("alpha", alpha) / 2 * column_sums(row_sums((gram(w) - _identity(w)) ** 2))[0]


@quiet
def orthogonality_gradient(w: Array, alpha: float, products: Array | None = None) -> Array:
    """2 alpha W (W'W - I) of w (n, p): (n, p), by columns like the weights; `products` is W'W if that is known."""
    if products is None:
        products = gram(w)
    else:
        check_arrays(w=w, products=products)
        check_shape("w", w, "n", "p")
        check_shape("products", products, w.shape[1], w.shape[1])
    return (2 * check_number("alpha", alpha) * (products - _identity(w)) @ w.T).T  # W'W - I is symmetric


def gram(w: Array) -> Array:
    """W'W of w (n, p): the inner products of its columns, (p, p)."""
    check_arrays(w=w)
    check_shape("w", w, "n", "p")
    return inner_products(w)


def welch_bound(n: int, p: int) -> float:
    """The least |W'W - I|_F^2 of p unit columns in R^n: max(0, p^2/n - p)  (Welch 1974)."""
    n, p = check_lengths(n=n, p=p)
    return max(0.0, p * p / n - p)


def _identity(w: Array) -> Array:
    return asarray_like(np.eye(w.shape[1]), w)
