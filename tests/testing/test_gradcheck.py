"""The gradient check passes what is right and names what is wrong: every planted bug is caught, with its message."""

import numpy as np
import pytest

from grassmann_np import nn, ops
from grassmann_np.testing import gradcheck


def draw(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) for shape in shapes]


def check(op, *shapes):
    return gradcheck.check(op, *draw(*shapes), rng=np.random.default_rng(1))


def test_reports_the_slope_of_a_smooth_op():
    report = check(lambda x: (np.sin(3 * x), lambda dy: 3 * dy * np.cos(3 * x)), (3, 4))
    assert 1.9 < report.slope < 2.1
    assert report.entries < 1e-8 and report.adjoint < 1e-8


def test_a_linear_op_has_no_slope():
    assert check(ops.linear, (3, 2), (2, 4)).slope is None


@pytest.mark.parametrize("factor", [-1.0, 0.0, 2.0, 1 + 1e-6])
def test_catches_a_wrong_factor(factor):
    with pytest.raises(AssertionError, match=r"argument 0, entry \(0, 0\): the pullback gives"):
        check(lambda x: (np.sin(x), lambda dy: factor * dy * np.cos(x)), (3, 4))


def test_names_the_one_wrong_entry():
    def op(x, w):
        y, op_pullback = ops.linear(x, w)

        def pullback(dy):
            dx, dw = op_pullback(dy)
            dw[1, 2] *= 1.001
            return dx, dw

        return y, pullback

    with pytest.raises(AssertionError, match=r"argument 1, entry \(1, 2\)"):
        check(op, (3, 2), (2, 4))


def test_catches_a_missing_term_of_batch_norm_that_a_sum_would_hide():
    def op(x):
        y, _ = ops.batch_norm(x)
        return y, lambda dy: (dy - dy.mean(0)) / x.std(0)  # without - xh <dy xh>

    with pytest.raises(AssertionError, match="argument 0"):
        check(op, (7, 3))


def test_the_slope_alone_catches_a_wrong_gradient():
    x, dy = draw((4,), (4,))

    def along(directions, t):
        return float(np.sum(dy * (np.sin(x + t * directions[0]) - np.sin(x - t * directions[0])))) / (2 * t), 1e-12

    gradcheck._check_slope(along, (x,), [dy * np.cos(x)], np.random.default_rng(0))
    with pytest.raises(AssertionError, match=r"the error falls as t\^0.00"):
        gradcheck._check_slope(along, (x,), [1.01 * dy * np.cos(x)], np.random.default_rng(0))


def test_catches_a_modified_upstream_gradient():
    def op(x):
        def pullback(dy):
            dy *= 2
            return dy

        return 2 * x, pullback

    with pytest.raises(AssertionError, match="upstream gradient dy was modified"):
        check(op, (3,))


def test_catches_a_pullback_that_works_only_once():
    def op(x):
        cache = [np.ones_like(x)]
        return x.copy(), lambda dy: dy * (cache.pop() if cache else 0)

    with pytest.raises(AssertionError, match="when called again"):
        check(op, (3,))


def test_catches_a_modified_argument():
    def op(x):
        y = x.copy()

        def pullback(dy):
            x[0] += 1
            return dy.copy()

        return y, pullback

    with pytest.raises(AssertionError, match="argument 0 was modified"):
        check(op, (3,))


def test_catches_wrong_shapes_and_counts():
    with pytest.raises(AssertionError, match=r"expected a gradient of shape \(3, 2\), got \(2,\)"):
        check(lambda x: (x * 2, lambda dy: 2 * dy.sum(0)), (3, 2))
    with pytest.raises(AssertionError, match="expected 2 gradients, one per array, got 1"):
        check(lambda x, w: (x @ w, lambda dy: dy @ w.T), (3, 2), (2, 4))


def test_float32_has_too_few_digits():
    with pytest.raises(TypeError, match="argument 0: expected float64, got float32"):
        gradcheck.check(ops.relu, np.ones(3, np.float32), rng=np.random.default_rng(0))


def test_a_layer_and_a_planted_bug_in_one_parameter():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 5))
    layer = nn.mlp([5, 4, 3], rng)
    values = [p.value for p in layer.parameters()]
    gradcheck.check_layer(layer, x, rng)
    assert all(p.value is value for p, value in zip(layer.parameters(), values, strict=True))

    class Wrong(nn.Linear):
        def __call__(self, x, training=True):
            y, layer_pullback = super().__call__(x, training)

            def pullback(dy):
                dx = layer_pullback(dy)
                self.b.grad = self.b.grad / len(x)
                return dx

            return y, pullback

    with pytest.raises(AssertionError, match="argument 2, entry"):
        gradcheck.check_layer(Wrong(5, 3, rng), x, rng)
