"""The summary: one row per innermost layer, in order, and a total that is the number of parameters."""

import numpy as np

from grassmann_np import nn
from tests import fake_cupy

EXPECTED = """\
layer               output  parameters  geometry
0 Conv2D            8x6x16         432  euclidean
1.body.0 BatchNorm  8x6x16          32  euclidean
1.body.1 ReLU       8x6x16           0
1.body.2 Conv2D     8x6x16       2,304  sphere
1.body.3 BatchNorm  8x6x16          32  euclidean
1.body.4 ReLU       8x6x16           0
1.body.5 Conv2D     8x6x16       2,304  euclidean
2 BatchNorm         8x6x16          32  euclidean
3 ReLU              8x6x16           0
4.body.0 Conv2D     4x3x32       4,608  sphere
4.body.1 BatchNorm  4x3x32          64  euclidean
4.body.2 ReLU       4x3x32           0
4.body.3 Conv2D     4x3x32       9,216  euclidean
4.shortcut Conv2D   4x3x32         512  euclidean
5 BatchNorm         4x3x32          64  euclidean
6 ReLU              4x3x32           0
7.body.0 Conv2D     2x2x64      18,432  sphere
7.body.1 BatchNorm  2x2x64         128  euclidean
7.body.2 ReLU       2x2x64           0
7.body.3 Conv2D     2x2x64      36,864  euclidean
7.shortcut Conv2D   2x2x64       2,048  euclidean
8 BatchNorm         2x2x64         128  euclidean
9 ReLU              2x2x64           0
10 GlobalAvgPool    64               0
11 Linear           10             650  euclidean
total                           77,850
"""


def test_summary_of_wide_resnet_10_1(capsys):
    model = nn.wide_resnet(10, 1, 10, np.random.default_rng(0))
    nn.on_sphere(model)
    model.summary((8, 6, 3))
    assert capsys.readouterr().out == EXPECTED
    assert sum(p.value.size for p in model.parameters()) == 77_850
    assert all((r.var == 1).all() for r in model.moments().values())  # one look is not training


def test_summary_on_a_device_and_without_parameters(capsys, monkeypatch):
    fake_cupy.install(monkeypatch)
    nn.Sequential(nn.WeightNormLinear(4, 3, np.random.default_rng(0))).to("gpu").summary((4,))
    assert capsys.readouterr().out.splitlines()[1].split() == ["0", "WeightNormLinear", "3", "18", "euclidean"]
    nn.Sequential(nn.Flatten()).summary((2, 3))
    assert capsys.readouterr().out.splitlines()[1].split() == ["0", "Flatten", "6", "0"]
