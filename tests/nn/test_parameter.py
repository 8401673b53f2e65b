"""A parameter: the matrix its geometry sees, copies that keep the geometry, and complaints."""

import copy
import pickle

import numpy as np
import pytest

from grassmann_np import nn
from grassmann_np.geometry import euclidean, sphere, subspaces


def test_a_convolution_is_seen_as_columns():
    w = np.arange(2.0 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    p = nn.Parameter(w, geometry=sphere)
    assert p.matrix.shape == (24, 5)
    np.testing.assert_array_equal(p.matrix[:, 1], w[..., 1].ravel())
    p.matrix = 2 * p.matrix
    np.testing.assert_array_equal(p.value, 2 * w)
    p.grad = w
    assert p.matrix_grad.shape == (24, 5)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p)), lambda p: p])
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4, 5)])
def test_the_entries_of_a_column_lie_side_by_side(shape, duplicate):
    w = np.random.default_rng(0).standard_normal(shape)
    p = duplicate(nn.Parameter(w))
    p.grad = w
    after = nn.Parameter(2 * w)
    after.matrix = p.matrix
    for q in (p, after):
        np.testing.assert_array_equal(q.value, w)
        assert q.matrix.T.flags.c_contiguous and np.shares_memory(q.matrix, q.value)
    assert p.matrix_grad.T.flags.c_contiguous
    value = p.value
    p.value = value
    assert p.value is value


def test_a_stack_of_subspaces_is_not_one_parameter():
    with pytest.raises(ValueError, match=r"expected one subspace \(n, p\), got a stack of shape \(5, 4, 2\)"):
        nn.Parameter(np.ones((5, 4, 2)), geometry=subspaces)


def test_the_last_axis_counts_units_whatever_comes_before():
    assert nn.Parameter(np.ones((2, 3, 4))).matrix.shape == (6, 4)


@pytest.mark.parametrize("shape", [(3,), (3, 2)])
def test_vectors_and_dense_weights_are_themselves(shape):
    p = nn.Parameter(np.ones(shape))
    assert p.matrix is p.value
    assert p.geometry is euclidean and p.decay


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_a_copy_keeps_all_but_the_memory(duplicate):
    p = nn.Parameter(np.ones((3, 2)), geometry=sphere, decay=False)
    p.grad, p.name = np.zeros((3, 2)), "1.w"
    q = duplicate(p)
    assert (q.geometry, q.decay, q.name) == (sphere, False, "1.w")
    np.testing.assert_array_equal(q.grad, p.grad)
    q.value[0] = 7
    assert (p.value == 1).all()


def test_repr():
    p = nn.Parameter(np.ones((3, 2), np.float32), geometry=sphere)
    p.name = "1.w"
    assert repr(p) == "Parameter(1.w, shape (3, 2), float32, sphere)"


def test_complaints():
    p = nn.Parameter(np.ones((3, 2)))
    with pytest.raises(TypeError, match="value: expected float32 or float64, got int64"):
        nn.Parameter(np.ones(3, dtype=np.int64))
    with pytest.raises(TypeError, match="got list"):
        nn.Parameter([1.0])
    with pytest.raises(ValueError, match="no gradient yet; call the model's pullback first"):
        _ = p.matrix_grad
    with pytest.raises(ValueError, match=r"expected float64 of shape \(3, 2\), got float64 of shape \(2, 3\)"):
        p.matrix = np.ones((2, 3))
    with pytest.raises(ValueError, match="got float32"):
        p.matrix = np.ones((3, 2), np.float32)
