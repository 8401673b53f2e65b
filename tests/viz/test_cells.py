"""The figure of many cells: what is drawn is what the results say."""

import numpy as np
import pytest

from viz import cells

RESULTS = {
    "data": "digits",
    "model": "cnn",
    "epochs": 2,
    "seeds": [0, 1, 2],
    "runs": [
        {"optimizer": label, "seed": seed, "history": {"test_error": [0.5, error]}}
        for label, errors in (("sgd linear", (0.03, 0.02, 0.04)), ("sgd, matched angle", (0.02, 0.02, 0.01)))
        for seed, error in enumerate(errors)
    ],
    "summary": [
        {"optimizer": "sgd linear", "median_test_error": 0.03, "quartiles": [0.025, 0.035]},
        {"optimizer": "sgd, matched angle", "median_test_error": 0.02, "quartiles": [0.015, 0.02]},
    ],
}


def test_every_seed_is_a_dot_and_every_median_a_bar():
    (axes,) = cells.cells(RESULTS).axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    bars = [line for line in axes.lines if line.get_marker() != "o"]
    np.testing.assert_allclose([line.get_xdata() for line in dots], [[3, 2, 4], [2, 2, 1]])
    np.testing.assert_allclose([line.get_xdata() for line in bars], [[3, 3], [2, 2]])
    assert [(p.get_x(), p.get_x() + p.get_width()) for p in axes.patches] == [
        pytest.approx((2.5, 3.5)),
        pytest.approx((1.5, 2.0)),
    ]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["SGD linear", "SGD, matched angle"]


def test_caption():
    assert cells.cells(RESULTS).get_label() == cells.caption(RESULTS)
    assert "SGD, matched angle 2.00 % and SGD linear 3.00 %" in cells.caption(RESULTS)


def test_no_results():
    with pytest.raises(ValueError, match="at least one cell"):
        cells.cells({"summary": []})
