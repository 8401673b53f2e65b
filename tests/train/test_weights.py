"""Weights leave and come back: by name in .npz, and turned into PyTorch's layouts."""

import sys

import numpy as np
import pytest

from grassmann_np import commands, nn, train
from grassmann_np.train import weights

RNG = np.random.default_rng


def shaken(model, seed):
    """The model with every parameter and moment other than its start."""
    rng = RNG(seed)
    for p in model.parameters():
        p.value = (p.value + 0.1 * rng.standard_normal(p.value.shape)).astype(np.float32)
    for running in model.moments().values():
        running.mean = rng.standard_normal(running.mean.shape).astype(np.float32)
        running.var = (rng.random(running.var.shape) + 0.5).astype(np.float32)
    return model


MODELS = {
    "mlp": ((4, 3, 2), lambda rng: nn.mlp([24, 5, 3], rng)),
    "cnn": ((8, 4, 3), lambda rng: nn.cnn((8, 4, 3), 3, rng, (4, 6))),
    "vgg": ((32, 32, 1), lambda rng: nn.vgg(11, 3, rng, channels=1)),
    "wrn": ((8, 8, 2), lambda rng: nn.wide_resnet(10, 1, 3, rng, channels=2)),
    "norms": (
        (2, 3, 2),
        lambda rng: nn.Sequential(
            nn.Flatten(), nn.BatchNorm(12), nn.ReLU(), nn.LayerNorm(12), nn.RMSNorm(12), nn.WeightNormLinear(12, 3, rng)
        ),
    ),
}
every_model = pytest.mark.parametrize("kind", MODELS)


@every_model
def test_weights_come_back(tmp_path, kind):
    shape, make = MODELS[kind]
    model, other = shaken(make(RNG(0)), 1), make(RNG(2))
    weights.save(tmp_path / "w.npz", model, shape)
    weights.load(tmp_path / "w.npz", other, shape)
    same(other, model)
    third = make(RNG(4))
    weights.put(third, weights.from_torch(third, shape, weights.to_torch(model, shape)))
    same(third, model)
    x = RNG(3).standard_normal((2, *shape)).astype(np.float32)
    np.testing.assert_allclose(third(x, training=False)[0], model(x, training=False)[0], rtol=1e-4, atol=1e-5)


def same(one, other):
    assert [p.name for p in one.parameters()] == [p.name for p in other.parameters()]
    theirs = weights.arrays(other)
    for name, array in weights.arrays(one).items():
        np.testing.assert_array_equal(array, theirs[name])


def test_a_convolutional_network_by_pytorchs_rules():
    """conv2d (c_out, c_in, kh, kw) on (N, C, H, W), batch_norm, relu, max_pool2d, flatten, linear (n_out, n_in)."""
    shape, make = MODELS["cnn"]
    model = shaken(make(RNG(0)), 1)
    s = weights.to_torch(model, shape)
    assert {name: s[name].shape for name in ("0.weight", "1.running_var", "9.weight", "1.num_batches_tracked")} == {
        "0.weight": (4, 3, 3, 3), "1.running_var": (4,), "9.weight": (3, 12), "1.num_batches_tracked": ()
    }  # fmt: skip
    x = RNG(3).standard_normal((2, *shape)).astype(np.float32)
    y = x.transpose(0, 3, 1, 2).astype(float)
    for k in (0, 4):
        y = correlated(y, s[f"{k}.weight"])
        mean, var, gamma, beta = (
            s[f"{k + 1}.{name}"][:, None, None] for name in ("running_mean", "running_var", "weight", "bias")
        )
        y = np.maximum((y - mean) / np.sqrt(var + 1e-5) * gamma + beta, 0)
        n, c, h, w = y.shape
        y = y.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))
    logits = y.reshape(2, -1) @ s["9.weight"].T + s["9.bias"]
    np.testing.assert_allclose(model(x, training=False)[0], logits, rtol=1e-4, atol=1e-5)


def correlated(x, w):
    """PyTorch's conv2d(x, w, padding=1), as a sum over the window."""
    n, _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.zeros((n, len(w), height, width))
    for i in range(3):
        for j in range(3):
            y += np.einsum("nchw,oc->nohw", padded[:, :, i : i + height, j : j + width], w[:, :, i, j])
    return y


@every_model
def test_pytorch_itself(tmp_path, kind):
    torch = pytest.importorskip("torch", reason="pip install 'grassmann-np[torch]'")
    shape, make = MODELS[kind]
    model = shaken(make(RNG(0)), 1)
    weights.save(tmp_path / "w.pt", model, shape)
    twin = torchs(model, torch)
    twin.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True))
    x = RNG(3).standard_normal((2, *shape)).astype(np.float32)
    with torch.no_grad():
        logits = twin.eval()(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).numpy()
    np.testing.assert_allclose(model(x, training=False)[0], logits, rtol=1e-3, atol=1e-4)
    torch.save(twin.state_dict(), tmp_path / "theirs.pt")
    other = make(RNG(5))
    weights.load(tmp_path / "theirs.pt", other, shape)
    same(other, model)


def torchs(layer, torch):
    """The same model in PyTorch."""
    t = torch.nn
    if isinstance(layer, nn.Sequential):
        return t.Sequential(*(torchs(one, torch) for one in layer.layers))
    if isinstance(layer, nn.Residual):

        class Residual(t.Module):
            def __init__(self):
                super().__init__()
                self.body = torchs(layer.body, torch)
                self.shortcut = torchs(layer.shortcut, torch) if layer.shortcut else None

            def forward(self, x):
                return self.body(x) + (self.shortcut(x) if self.shortcut else x)

        return Residual()
    if isinstance(layer, nn.Conv2D):
        kh, _, c_in, c_out = layer.w.value.shape
        return t.Conv2d(c_in, c_out, kh, layer.stride, layer.padding, bias=layer.b is not None)
    if isinstance(layer, nn.Linear):
        return t.Linear(*layer.w.value.shape, bias=layer.b is not None)
    if isinstance(layer, nn.WeightNormLinear):
        return t.utils.parametrizations.weight_norm(t.Linear(*layer.v.value.shape))
    if isinstance(layer, nn.BatchNorm):
        channels = layer.beta.value.size

        class BatchNorm(t.modules.batchnorm._BatchNorm):
            def _check_input_dim(self, input):
                pass

        return BatchNorm(channels, eps=layer.eps)
    if isinstance(layer, nn.GlobalAvgPool):
        return t.Sequential(t.AdaptiveAvgPool2d(1), t.Flatten())
    simple = {nn.ReLU: t.ReLU, nn.Flatten: t.Flatten}
    if type(layer) in simple:
        return simple[type(layer)]()
    if isinstance(layer, nn.MaxPool):
        return t.MaxPool2d(layer.size)
    if isinstance(layer, nn.RMSNorm):
        return t.RMSNorm(layer.gamma.value.size, eps=layer.eps)
    return t.LayerNorm(layer.beta.value.size, eps=layer.eps)


def test_export_and_back_from_the_command_line(tmp_path, capsys):
    run, out = str(tmp_path / "run"), str(tmp_path / "w.npz")
    assert commands.main(["train", "--epochs", "1", "--quiet", "--out", run]) == 0
    assert commands.main(["export", run, "--out", out]) == 0
    assert f"weights of epoch 1 in {out}" in capsys.readouterr().out
    with np.load(out) as held:
        assert held["1.w"].shape == (64, 64) and held["2.running.var"].shape == (64,)
        changed = dict(held) | {"7.b": held["7.b"] + np.arange(10, dtype=np.float32)}
    assert commands.main(["evaluate", run]) == 0
    before = capsys.readouterr().out
    assert commands.main(["evaluate", run, "--weights", out]) == 0
    assert capsys.readouterr().out == before
    np.savez(out, **changed)
    assert commands.main(["evaluate", run, "--weights", out]) == 0
    assert capsys.readouterr().out != before


def test_a_training_begins_from_weights_and_goes_on_without_the_file(tmp_path):
    path = tmp_path / "w.npz"
    trained, _ = train.Setup(epochs=2).run()
    weights.save(path, trained, (8, 8, 1))
    words = ["train", "--lr", "0", "--lr-euclidean", "0", "--epochs", "1", "--quiet", "--out", str(tmp_path / "run")]
    assert commands.main([*words, "--weights", str(path)]) == 0
    path.unlink()
    words = ["train", "--resume", "--epochs", "2", "--quiet", "--out", str(tmp_path / "run")]
    assert commands.main(words) == 0
    assert commands.main(["export", str(tmp_path / "run"), "--out", str(path)]) == 0
    with np.load(path) as held:
        for name, array in weights.arrays(trained).items():
            if "running" not in name:
                np.testing.assert_allclose(held[name], array, rtol=1e-5, atol=1e-7)


def changed(**arrays):
    found = weights.arrays(nn.mlp([6, 4, 3], RNG(0)))
    found |= arrays
    return {name: array for name, array in found.items() if array is not None}


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        (changed(**{"4.b": None}), "expected the 7 arrays of this model, got no 4.b"),
        (changed(more=np.ones(1)), "expected the 7 arrays of this model, got more, which the model does not have"),
        (changed(**{"4.b": np.ones(4)}), r"4.b: expected numbers of shape \(3,\), got float64 of \(4,\)"),
        (changed(**{"4.b": np.array(["a"] * 3)}), r"4.b: expected numbers of shape \(3,\), got <U1"),
        (changed(**{"4.b": np.array([1.0, np.nan, 1e300])}), "4.b: expected finite numbers, got others"),
    ],
)
def test_weights_of_another_model_change_nothing(tmp_path, arrays, reason):
    np.savez(tmp_path / "w.npz", **arrays)
    model = nn.mlp([6, 4, 3], RNG(1))
    before = weights.arrays(model)
    with pytest.raises(ValueError, match=rf"w\.npz: {reason}"):
        weights.load(tmp_path / "w.npz", model, (1, 6, 1))
    for name, array in weights.arrays(model).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_state_dict_of_another_model():
    shape, make = MODELS["vgg"]
    model = make(RNG(0))
    state = weights.to_torch(model, shape)
    assert np.all(state["1.weight"] == 1)
    with pytest.raises(ValueError, match=r"1\.weight: expected 1, since this layer has no gamma, got others"):
        weights.from_torch(model, shape, state | {"1.weight": state["1.weight"] * 2})
    with pytest.raises(ValueError, match=r"0\.weight: expected shape \(64, 1, 3, 3\), got \(3, 3, 1, 64\)"):
        weights.from_torch(model, shape, state | {"0.weight": state["0.weight"].transpose(2, 3, 1, 0)})
    del state["0.weight"]
    with pytest.raises(ValueError, match=r"got no 0\.weight"):
        weights.from_torch(model, shape, state)


def test_a_layer_of_ones_own_keeps_its_names_and_layouts():
    """Also one that is a known layer's: nobody knows what its author calls it in PyTorch."""

    class Conv(nn.Conv2D):
        pass

    class Norm(nn.BatchNorm):
        pass

    def made(rng):
        return nn.Sequential(Conv(2, 4, 1, rng), nn.Flatten(), Norm(24), nn.Linear(24, 3, rng))

    model, other = shaken(made(RNG(0)), 1), made(RNG(2))
    ours, state = weights.arrays(model), weights.to_torch(model, (2, 3, 2))
    theirs = {name for name in ours if name.startswith(("0.", "2."))}
    assert theirs == {name for name in state if name.startswith(("0.", "2."))} and len(theirs) == 6
    for name in theirs:
        np.testing.assert_array_equal(state[name], ours[name])
    order = np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).ravel()
    np.testing.assert_array_equal(state["3.weight"], ours["3.w"][order].T)
    weights.put(other, weights.from_torch(other, (2, 3, 2), state))
    same(other, model)


def test_files_that_are_none(tmp_path, monkeypatch, capsys):
    model = nn.mlp([6, 4, 3], RNG(1))
    with pytest.raises(ValueError, match=r"w\.h5: expected a name that ends with \.npz, \.pt or \.pth"):
        weights.save(tmp_path / "w.h5", model, (1, 6, 1))
    (tmp_path / "w.npz").write_text("no file of arrays")
    with pytest.raises(ValueError, match=r"w\.npz: expected an \.npz file, as np\.savez writes it"):
        weights.load(tmp_path / "w.npz", model, (1, 6, 1))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"\.npz does not: pip install 'grassmann-np\[torch\]'"):
        weights.save(tmp_path / "w.pt", model, (1, 6, 1))
    for words in (["train", "--weights"], ["compare", "--jobs", "1", "--weights"]):
        assert commands.main([*words, str(tmp_path / "w.npz"), "--out", str(tmp_path / "out")]) == 1
        assert "w.npz: expected an .npz file" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.npz"]
