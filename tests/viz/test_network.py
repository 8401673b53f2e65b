"""A network that learns, read back from its images: the weights they show give the points, by eigenvectors."""

import sys

import numpy as np
import pytest

from viz import scenes
from viz.__main__ import main

pytest.importorskip("sklearn")
SIZE = (160, 160)
STEPS = 22  # of an epoch


def at_step(scene, k, epochs=1):
    """The frame when k steps are done."""
    return scene.frame((7.2 + 9 * k / (STEPS * epochs)) / 23.2 + (1e-12 if k else 0))


def weights(frame):
    """The unit vectors that the images show: (64, units)."""
    w = frame.images.reshape(len(frame.images), 64).T - 0.5
    return w / np.linalg.norm(w, axis=0)


def points(frame):
    names = [name for name in frame.marks if name[0] == "y"]
    return np.stack([frame.marks[name].at for name in names], axis=1)


@pytest.fixture(scope="module")
def scene():
    return scenes.network(seed=3, units=5, epochs=1, size=SIZE)


def test_points_are_the_weights_of_the_images_along_three_eigenvectors(scene):
    frames = [at_step(scene, k) for k in range(STEPS + 1)]
    all_of_them = np.hstack([weights(frame) for frame in frames])
    values, vectors = np.linalg.eigh(all_of_them @ all_of_them.T)
    assert f"keep {100 * values[-3:].sum() / values.sum():.0f} % of their variance" in scene.caption
    for frame in (frames[0], frames[7], scene.frame(1.0)):
        short = vectors[:, -3:].T @ weights(frame)
        short = short / np.linalg.norm(short, axis=0)
        drawn = points(frame)  # alike but for the signs of the eigenvectors
        assert np.allclose(np.sum(drawn**2, axis=0), 1) and np.allclose(drawn.T @ drawn, short.T @ short, atol=1e-3)


def test_the_captions_tell_how_far_the_vectors_turned_and_how_many_digits_are_misread(scene):
    start, end = scene.frame(0.0), scene.frame(1.0)
    turned = np.degrees(np.arccos(np.sum(weights(start) * weights(end), axis=0)))
    assert f"turned by {turned.min():.0f}° to {turned.max():.0f}°" in end.caption
    (_, loss), (epoch, error) = end.curves
    assert epoch[-1] == 1 and len(epoch) == STEPS + 1 and np.allclose(4.5 * error, np.round(4.5 * error))  # of 450
    assert f"misreads {error[-1]:.1f} %" in end.caption and f"from {error[0]:.1f} to {error[-1]:.1f} %" in scene.caption
    assert error[-1] < 0.6 * error[0] and loss[-1] < loss[0]


def test_numbers_stay_with_their_points_and_the_walk_has_no_jump(scene):
    walk = np.stack([points(scene.frame(float(t))) for t in np.linspace(0, 1, 200)])
    assert np.arccos(np.clip(np.sum(walk[1:] * walk[:-1], axis=1), -1, 1)).max() < 0.5
    names = [mark.label for name, mark in scene.frame(0.5).marks.items() if name[0] == "y"]
    assert names == ["1", "2", "3", "", ""]
    for i in range(3):
        way = scene.frame(1.0).marks[f"way{i}"].points
        assert np.allclose(way[:, 0], walk[0, :, i]) and np.allclose(way[:, -1], walk[-1, :, i])


def test_the_same_seed_is_the_same_film_and_another_is_not(scene):
    again, other = (scenes.network(seed=seed, units=5, epochs=1, size=SIZE).frame(0.8) for seed in (3, 4))
    assert np.array_equal(points(again), points(scene.frame(0.8)))
    assert np.array_equal(again.images, scene.frame(0.8).images) and not np.array_equal(again.images, other.images)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["network", "--out", str(tmp_path / "network.png")]) == 1
    assert "pip install 'grassmann-np[data]'" in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong", [{"units": 3}, {"units": 37}, {"epochs": 0}, {"epochs": 51}, {"lr": -1.0}, {"alpha": -0.1}, {"clip": 0.0}]
)
def test_what_cannot_be_trained_is_refused_before_it_begins(wrong):
    with pytest.raises(ValueError, match="expected"):
        scenes.network(**wrong)
