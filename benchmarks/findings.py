"""What the scoreboard found in other libraries, each with code that shows it without the kit.

A claim about a library stands here only with the lines that reproduce it; what they print is printed on the page.
"""

from __future__ import annotations

import contextlib
import io

FINDINGS = (  # (what is found, why, code that shows it without the kit)
    (
        "geoopt: two points are never nearer than 4.5e-4, in float32 0.014",
        "`Sphere.dist` clamps the cosine to 1 - 1e-7 (1 - 1e-4 in float32) before arccos, which keeps its gradient "
        "finite. `logmap` is as long as `dist`, so exp(log) misses by as much.",
        """
import torch, geoopt
s = geoopt.SphereExact()
for dtype in (torch.float64, torch.float32):
    x = torch.tensor([1.0, 0.0, 0.0], dtype=dtype)
    print(dtype, s.dist(x, x).item())
x = torch.tensor([1.0, 0.0], dtype=torch.float64)
y = s.projx(torch.tensor([1.0, 1e-5], dtype=torch.float64))
h = s.logmap(x, y)
print(f"1e-5 away: |log| {h.norm().item():.3g}, exp(log) misses by {(s.expmap(x, h) - y).norm().item():.3g}")
""",
    ),
    (
        "geoopt: the first step of RiemannianSGD with momentum 0.9 is 1.9 eta |h|, and leaves the sphere",
        "`momentum_buffer` begins as a copy of the gradient as it came, not yet projected, and in the same step is "
        "multiplied by the momentum and the tangent gradient is added: 0.9 g + h. Of a tangent gradient that is 1.9 h "
        "(torch.optim.SGD begins with h); otherwise it has a part along y, and exp of it is no unit vector. The "
        "default, momentum 0, has no such buffer; `stabilize=1`, which its documentation offers against rounding, "
        "divides by the length afterwards.",
        """
import torch, geoopt
def first_step(gradient, make, **options):
    p = geoopt.ManifoldParameter(torch.tensor([1.0, 0.0], dtype=torch.float64), geoopt.SphereExact())
    optimizer = make([p], lr=0.1, **options)
    p.grad = torch.tensor(gradient, dtype=torch.float64)
    optimizer.step()
    return f"angle {torch.atan2(p[1], p[0]).item():.3f}, length {p.norm().item():.3f}"
SGD = geoopt.optim.RiemannianSGD
print("momentum 0,   tangent gradient", first_step([0.0, 1.0], SGD))
print("momentum 0.9, tangent gradient", first_step([0.0, 1.0], SGD, momentum=0.9))
print("momentum 0.9, any gradient    ", first_step([2.0, 1.0], SGD, momentum=0.9))
""",
    ),
    (
        "geoopt: without `stabilize` the sphere is left in some hundred steps, if gradients have a part along y",
        "`proju(y, g) = g - <y, g> y` is tangent if |y| = 1; else (1 - |y|^2) <y, g> is left along y, so that a "
        "rounding error grows by the factor 1 + 2 eta <y, g> a step, where <y, g> > 0. `stabilize` is off by default; "
        "with it the point stays.",
        """
import torch, geoopt
for stabilize in (None, 1):
    generator = torch.Generator().manual_seed(0)
    p = geoopt.ManifoldParameter(torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64), geoopt.SphereExact())
    optimizer = geoopt.optim.RiemannianSGD([p], lr=0.1, stabilize=stabilize)
    off = []
    for _ in range(300):
        p.grad = torch.randn(3, dtype=torch.float64, generator=generator) + p.detach()
        optimizer.step()
        off.append(abs(p.norm().item() - 1))
    print(f"stabilize={stabilize}: off by {off[9]:.0e}, {off[99]:.0e}, {off[299]:.0e} after 10, 100, 300 steps")
""",
    ),
    (
        "geoopt: RiemannianAdam continues differently after a state is loaded",
        "It counts its steps in a Python int. `load_state_dict` is torch.optim.Adam's, and makes the count a float32 "
        "tensor, so that 1 - beta ** step is rounded to float32 from then on.",
        """
import torch, geoopt
p = geoopt.ManifoldParameter(torch.tensor([1.0, 0.0], dtype=torch.float64), geoopt.SphereExact())
optimizer = geoopt.optim.RiemannianAdam([p], lr=0.1)
p.grad = torch.tensor([0.0, 1.0], dtype=torch.float64)
optimizer.step()
before = optimizer.state[p]["step"]
optimizer.load_state_dict(optimizer.state_dict())
after = optimizer.state[p]["step"]
print(repr(before), 1 - 0.999**before)
print(repr(after), after.dtype, (1 - 0.999**after).item())
""",
    ),
    (
        "pymanopt: points 1e-8 apart may be at distance 0, and a point 3e-8 from itself",
        "`dist` is the arccos of the inner product, and an error of one eps there becomes sqrt(2 eps). So it is in its "
        "Grassmann, with singular values, and on the spheres of geomstats and geojax. The tests of geomstats allow for "
        "it: a point of its Hypersphere is within 1e-6 of itself (dist_point_to_itself_is_zero).",
        """
import numpy as np
from mpmath import mp
from pymanopt.manifolds import Sphere
mp.dps = 50
s, x = Sphere(3), np.array([1.0, 0.0, 0.0])
for d in (1e-6, 1e-8, 1e-9):
    y = np.array([np.cos(d), np.sin(d), 0.0])
    print(f"dist {s.dist(x, y):.8g}, with 50 digits {mp.nstr(mp.atan2(mp.mpf(y[1]), mp.mpf(y[0])), 8)}")
points = np.random.default_rng(0).standard_normal((100, 3))
points /= np.linalg.norm(points, axis=1, keepdims=True)
print(f"of a hundred points to themselves: at most {max(s.dist(z, z) for z in points):.3g}")
""",
    ),
    (
        "geomstats: near the antipode log loses what is left of sin",
        "`log` multiplies by theta/sin(theta), theta the arccos of a cosine near -1 whose error is an eps: at "
        "pi - 1e-8 the cosine is -1.",
        """
import numpy as np
from mpmath import mp
from geomstats.geometry.hypersphere import Hypersphere
mp.dps = 50
metric, x = Hypersphere(2).metric, np.array([1.0, 0.0, 0.0])
for d in (1e-3, 1e-5, 1e-7, 1e-8):
    y = np.array([-np.cos(d), np.sin(d), 0.0])
    true = mp.atan2(mp.mpf(y[1]), mp.mpf(y[0]))
    found = metric.log(y, x)
    print(f"{d:g} before it: |log| {np.linalg.norm(found):.10g}, with 50 digits {mp.nstr(true, 11)};", end=" ")
    print(f"exp(log) misses by {np.linalg.norm(metric.exp(found, x) - y):.1e}")
""",
    ),
)


def printed(code: str) -> str:
    """What the code prints.  Raises what it raises."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<finding>", "exec"), {"__name__": "finding"})
    return out.getvalue().strip()
