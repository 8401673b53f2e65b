"""The scoreboard: which identities the geometries of other libraries obey, and ours, as JSON and as a page.

python benchmarks/scoreboard.py measure --out part.json [geoopt_sphere ...]     in an environment that has these peers
python benchmarks/scoreboard.py write part.json ...                             results/scoreboard.json and the page

`make scoreboard` does both. An identity is tried twice: on every case of the kit, which are drawn to be hard, and on
ordinary ones, points 0.2 to 0.9 apart. If it fails with the peer's transport and holds with a parallel one in its
place, then that transport, which its documentation names, is a choice and no fault.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import platform
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from grassmann_np import geometry
from grassmann_np.files import beside
from grassmann_np.testing import adapters, identities, optimizers
from grassmann_np.testing.cases import Case
from grassmann_np.testing.optimizers import adapters as stepping
from grassmann_np.testing.report import Result

HERE = Path(__file__).parent
PAGE = HERE.parent / "tutorials" / "scoreboard.md"
RESULTS = HERE / "results" / "scoreboard.json"
STATUSES = {
    "yes": "holds in every case",
    "ordinary": "holds to 100 eps at points 0.2 to 0.9 apart; less near equal or opposite ones, or with tiny numbers",
    "choice": "fails, and holds with a parallel transport in the place of its own, which its documentation names",
    "not promised": "fails, and its documentation does not say that it would hold",
    "no": "fails by more than 100 eps at ordinary points too, or is about equal points or ever shorter steps",
    "not asked": "needs a function that it has not",
}
OURS = {"ours_sphere": geometry.sphere, "ours_lines": geometry.lines, "ours_subspaces": geometry.subspaces}
PEERS = {  # name: its library; what of its transport is documented
    "geoopt_sphere": ("geoopt", "Manifold.transp is a vector transport; on Sphere and SphereExact it projects"),
    "geoopt_sphere_exact": ("geoopt", "Manifold.transp is a vector transport; on Sphere and SphereExact it projects"),
    "pymanopt_sphere": ("pymanopt", "Manifold.transport is a vector transport or a transporter; on Sphere it projects"),
    "pymanopt_grassmann": ("pymanopt", "Manifold.transport is a vector transport or a transporter; here it projects"),
    "geomstats_sphere": ("geomstats", ""),
    "geojax_sphere": ("geojax", ""),
    "geojax_grassmann": ("geojax", ""),
}
ORDINARY = 100  # eps
WHAT = [*OURS, *PEERS, "optimizers", "findings"]
LIBRARIES = ("geoopt", "pymanopt", "geomstats", "geojax", "torch", "jax", "numpy", "scipy")


def ordinary(case: Case, seed: int = 0) -> Case:
    """The case with its points 0.2 to 0.9 apart, and gradients and scales near 1."""
    rng = np.random.default_rng([seed, case.n, case.p])
    y, e = case.matrices(case.y), case.matrices(case.e)
    h = e * rng.uniform(0.2, 0.9, (len(e), 1, case.p))
    u, s, vt = np.linalg.svd(h, full_matrices=False)
    x = (y @ np.matrix_transpose(vt) * np.cos(s)[:, None] + u * np.sin(s)[:, None]) @ vt
    reach = 0.5 if case.kind in ("lines", "subspaces") else 1.0

    def laid_out(a: Any) -> Any:
        return np.ascontiguousarray(a if case.kind == "subspaces" else a[:, :, 0].T).astype(case.y.dtype)

    return replace(case, x=laid_out(x), h=laid_out(h), k=laid_out(reach * h), g=case.w, scales=1 + case.scales * 0)


def rows(asked: Any, kind: str, dtype: Any, choice: str = "", sizes: Any = None) -> list[dict[str, Any]]:
    """What of every identity became on this geometry, in this dtype: a row each."""
    view = identities.view_of(asked, like=kind, layout="columns")
    hard = identities.drawn(view, dtypes=[dtype], sizes=sizes)
    mild = [ordinary(case) for case in hard]
    exact = [replace(case, geometry=parallel(asked, kind)) for case in mild] if choice else []
    found = []
    for one in identities.chosen(kind):
        if one.unit == "slope" and dtype != np.float64:
            continue  # a slope is measured in float64 only
        everywhere = identities.measure(one, hard)
        if not everywhere.uses and everywhere.holds:
            continue  # it is about functions that are lent, ours
        calm = everywhere if everywhere.holds else identities.measure(one, mild)
        held = bool(exact) and not good(calm) and good(identities.measure(one, exact))
        status = verdict(everywhere, calm, held)
        found.append({"identity": one.name, "status": status, "unit": one.unit, "limit": one.limit})
        found[-1] |= {"everywhere": said(everywhere), "ordinary": said(calm)} if status != "yes" else {}
        found[-1] |= {"residual": float(f"{everywhere.residual:.3g}")} if status == "yes" else {}
    return found


def good(calm: Result) -> bool:
    """Whether it holds at ordinary points, to 100 eps."""
    return calm.holds or (calm.identity.unit == "eps" and not calm.problem and calm.residual <= ORDINARY)


def verdict(everywhere: Result, calm: Result, held_with_a_parallel_transport: bool) -> str:
    """One of STATUSES."""
    if everywhere.holds:
        return "yes"
    if "it has no function" in everywhere.problem:
        return "not asked"
    if everywhere.identity.promise:
        return "not promised"
    if good(calm):
        return "ordinary"
    return "choice" if held_with_a_parallel_transport else "no"


def said(result: Result) -> str:
    """By how much, in words."""
    return result.reason or f"{result.residual:.3g} {result.identity.unit}"


def parallel(asked: Any, kind: str) -> Any:
    """The geometry with our transport in the place of its own, as a View."""
    house = getattr(geometry, kind)
    own = {name: getattr(asked, name) for name in adapters.FUNCTIONS if callable(getattr(asked, name, None))}
    own |= {"transport": house.transport, "move": lambda y, h, v: (asked.exp(y, h), house.transport(y, h, v))}
    return identities.view_of(SimpleNamespace(__name__="with a parallel transport", **own), kind, "columns")


def measured(name: str) -> list[dict[str, Any]]:
    """The entries of a geometry, one a dtype.  Raises ImportError if its library is not installed."""
    library, choice = PEERS.get(name, ("grassmann_np", ""))
    entries = []
    for dtype in (np.float64, np.float32):
        asked = OURS[name] if name in OURS else adapters.SHIPPED[name]()
        kind = getattr(asked, "kind", name.partition("_")[2])
        title = getattr(asked, "__name__", name)
        entry = {"geometry": name, "title": title.replace("grassmann_np.geometry.", "grassmann_np "), "kind": kind}
        entry |= {"library": library, "dtype": np.dtype(dtype).name, "choice": choice}
        entry["rows"] = rows(asked, kind, dtype, choice)
        entry["cannot"] = list(getattr(asked, "cannot", ()))
        entry["cast"] = sorted(getattr(asked, "cast", ()))
        entries.append(entry)
    return entries


def geoopt_optimizer(name: str, **options: Any) -> Callable[..., Any]:
    """The make of an optimizer of geoopt on its SphereExact."""
    import geoopt

    return stepping.pytorch(
        lambda parameters, rate: getattr(geoopt.optim, name)(parameters, rate, **options),
        lambda tensor: geoopt.ManifoldParameter(tensor, geoopt.SphereExact()),
    )


STEPS = {  # title: library, make, the options of optimizers.check
    "grassmann_np SGD, clipped": ("grassmann_np", lambda: stepping.sgd_g, {"clip": 0.1}),
    "grassmann_np Adam, clipped": ("grassmann_np", lambda: stepping.adam_g, {"kind": "adam-g", "clip": 0.1}),
    "grassmann_np SGD": ("grassmann_np", lambda: stepping.sgd, {}),
    "grassmann_np Adam": ("grassmann_np", lambda: stepping.adam, {"kind": "adam-g"}),
    "RiemannianSGD": ("geoopt", lambda: geoopt_optimizer("RiemannianSGD"), {"transport": "projection"}),
    "RiemannianSGD(momentum=0.9)": (
        "geoopt", lambda: geoopt_optimizer("RiemannianSGD", momentum=0.9), {"transport": "projection"},
    ),
    "RiemannianSGD(momentum=0.9, stabilize=1)": (
        "geoopt", lambda: geoopt_optimizer("RiemannianSGD", momentum=0.9, stabilize=1), {"transport": "projection"},
    ),
    "RiemannianAdam()": (
        "geoopt", lambda: geoopt_optimizer("RiemannianAdam"), {"kind": "adam-g", "transport": "projection"},
    ),
    "RiemannianAdam(stabilize=1)": (
        "geoopt", lambda: geoopt_optimizer("RiemannianAdam", stabilize=1),
        {"kind": "adam-g", "transport": "projection"},
    ),
}  # fmt: skip


def stepped(title: str) -> dict[str, Any]:
    """The entry of an optimizer.  Raises ImportError if its library is not installed."""
    library, make, options = STEPS[title]
    report = optimizers.check(make(), steps=2000, **options)
    found = []
    for r in report.results:
        status = "yes" if r.holds else "not promised" if r.identity.promise else "no"
        found.append({"property": r.identity.name, "status": status, "said": said(r)})
    return {"title": title, "library": library, "asked_as": report.kind, "rows": found, "notes": list(report.notes)}


def measure(names: Iterable[str]) -> dict[str, Any]:
    """What can be measured in this environment: these of WHAT, or all; what is not installed is left out."""
    names = list(names) or WHAT
    part: dict[str, Any] = {"geometries": [], "optimizers": [], "findings": [], "python": platform.python_version()}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name in [name for name in names if name in OURS or name in PEERS]:
            with contextlib.suppress(ImportError):
                part["geometries"] += measured(name)
        for title in STEPS if "optimizers" in names else ():
            with contextlib.suppress(ImportError):
                part["optimizers"].append(stepped(title))
        for finding in FINDINGS if "findings" in names else ():
            with contextlib.suppress(ImportError):
                part["findings"].append({"title": finding[0], "about": finding[1], "code": finding[2].strip()})
                part["findings"][-1]["printed"] = printed(finding[2])
    part["findings"] = [one for one in part["findings"] if "printed" in one]
    installed = []
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            installed.append((library, version(library)))
    return part | {"versions": dict(installed), "date": datetime.date.today().isoformat()}


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
        "geoopt: RiemannianAdam goes on otherwise after a state is loaded",
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
        "Grassmann, with singular values, and in geomstats and geojax. The tests of geomstats allow for it: a point is "
        "within 1e-6 of itself (dist_point_to_itself_is_zero).",
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


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One result from those of several environments."""
    whole: dict[str, Any] = {"date": max(part["date"] for part in parts), "python": parts[0]["python"]}
    statements = {one.name: one.statement for one in identities.CATALOGUE}
    whole["statements"] = statements | {one.name: one.statement for one in optimizers.CATALOGUE}
    whole["versions"] = {}
    for part in reversed(parts):
        whole["versions"] |= part["versions"]
    for key, name in (("geometries", ("geometry", "dtype")), ("optimizers", ("title",)), ("findings", ("title",))):
        seen = {tuple(one[n] for n in name): one for part in reversed(parts) for one in part[key]}
        whole[key] = list(seen.values())
    order = [*OURS, *PEERS]
    whole["geometries"].sort(key=lambda one: (order.index(one["geometry"]), one["dtype"] != "float64"))
    whole["optimizers"].sort(key=lambda one: list(STEPS).index(one["title"]))
    whole["findings"].sort(key=lambda one: [finding[0] for finding in FINDINGS].index(one["title"]))
    return whole


def page(result: dict[str, Any]) -> str:
    """The page, in Markdown, that follows from a result."""
    versions = result["versions"]
    promises = [f"that {one.promise}" for one in identities.CATALOGUE if one.promise]
    peers = [f"{name} {versions[name]}" for name in LIBRARIES if name in versions]
    lines = [
        "# Scoreboard",
        "",
        "Which of the [identities](identities.md) do other libraries obey, and this one? The kit was pointed at them "
        "as [lesson 15](15_test_your_own_geometry.py) points it at yours. The identities are ours, tried on cases that "
        "are drawn to be hard, and the limit of 8 eps is ours too: a library that is good to 1e-8 fails here and may "
        "be all that you need. What it offers beyond these functions, from automatic differentiation to its other "
        "manifolds, is not counted.",
        "",
        f"Measured on {result['date']} with {', '.join(peers)}, Python {result['python']}. `make scoreboard` measures "
        "again.",
        "",
    ]
    lines += [f"**{status}**: {meaning}.\\" for status, meaning in STATUSES.items()]
    lines[-1] = lines[-1].rstrip("\\")
    lines += ["", "## Geometries", "", *_counts(result["geometries"]), ""]
    lines += [
        "`ordinary` and `yes` count what holds where most programs live. What only our Protocol states is held against "
        "nobody and called `not promised`: " + "; ".join(promises) + ". Subspaces of more than half the "
        "dimensions share some, and so are never ordinary: angles of 0 are among theirs.",
        "",
    ]
    lines += _grid([one for one in result["geometries"] if one["dtype"] == "float64"])
    for name in dict.fromkeys(one["geometry"] for one in result["geometries"]):
        lines += _section([one for one in result["geometries"] if one["geometry"] == name], result["statements"])
    lines += ["## Found, and checked without the kit", ""]
    for one in result["findings"]:
        lines += [f":::{{dropdown}} {one['title']}", one["about"], "", "```python", one["code"], "```", "prints", ""]
        lines += ["```text", one["printed"], "```", ":::", ""]
    lines += ["## Optimizers", "", "On unit vectors, 2000 steps at most, float64 and float32 together.", ""]
    lines += ["| | yes | not promised | no |", "|---|---|---|---|"]
    for one in result["optimizers"]:
        count = Counter(row["status"] for row in one["rows"])
        title = one["title"] if one["library"] == "grassmann_np" else f"{one['library']} {one['title']}"
        lines.append(f"| {title} | {count['yes']} | {count['not promised']} | {count['no']} |")
    lines.append("")
    for one in result["optimizers"]:
        failed = [row for row in one["rows"] if row["status"] != "yes"]
        if failed:
            lines += [f":::{{dropdown}} {one['library']} {one['title']}, asked as {one['asked_as']}"]
            for row in failed:
                lines.append(f"- **{row['property']}** ({row['status']}): `{result['statements'][row['property']]}`. "
                             f"{row['said'][0].upper()}{row['said'][1:]}.")  # fmt: skip
            lines += [f"- {note[0].upper()}{note[1:]}." for note in one["notes"]] + [":::", ""]
    lines += [
        "`python benchmarks/scoreboard.py measure optimizers` measures these again. That its momentum is projected on "
        "the way is geoopt's choice, and it was asked for that. pymanopt's optimizers search along a line and run to "
        "the end: they have no step to ask for.",
        "",
    ]
    return "\n".join(lines)


def _counts(entries: list[dict[str, Any]]) -> list[str]:
    lines = ["| | dtype | " + " | ".join(STATUSES) + " |", "|---|---|" + "---|" * len(STATUSES)]
    for one in entries:
        count = Counter(row["status"] for row in one["rows"])
        numbers = " | ".join(str(count[status]) for status in STATUSES)
        lines.append(f"| {one['title']} | {one['dtype']} | {numbers} |")
    return lines


def _grid(entries: list[dict[str, Any]]) -> list[str]:
    """A row an identity, a column a geometry."""
    found = [{row["identity"]: row["status"] for row in one["rows"]} for one in entries]
    titles = " | ".join(one["title"] for one in entries)
    lines = [":::{dropdown} Who obeys what, in float64", f"| | {titles} |", "|---|" + "---|" * len(entries)]
    for name in (one.name for one in identities.CATALOGUE):
        if any(name in statuses for statuses in found):
            lines.append(f"| {name} | " + " | ".join(statuses.get(name, "") for statuses in found) + " |")
    return [*lines, ":::", ""]


def _section(entries: list[dict[str, Any]], statements: dict[str, str]) -> list[str]:
    """What does not hold of one geometry, in all its dtypes; nothing if all holds."""
    told: dict[str, list[str]] = {}
    refuted: list[str] = []
    for one in entries:
        for row in one["rows"]:
            if row["status"] != "yes":
                told.setdefault(row["identity"], []).append(_cell(one["dtype"], row))
                refuted += [row["identity"]] * (row["status"] == "no")
    first = entries[0]
    if not told:
        return []
    lines = [f":::{{dropdown}} {first['title']}: what does not hold, and what was not asked"]
    lines += [f"Of its transport: {first['choice']}.", ""] if first["choice"] else []
    lines += [f"- **{name}**: `{statements[name]}`. {' '.join(cells)}" for name, cells in told.items()]
    cast = sorted({name for one in entries for name in one["cast"]})
    cannot = [*first["cannot"], *([f"rounded from another dtype: {', '.join(cast)}"] if cast else [])]
    lines += ["", "What the adapter could not ask as it is:", "", *(f"- {line}" for line in cannot)] if cannot else []
    target = f"grassmann_np.testing.adapters:{first['geometry']} --like {first['kind']}"
    lines += ["", "Each of them alone, on the hard cases:", "", "```text"]
    lines += [f"python -m grassmann_np.testing {target} --only {name}" for name in dict.fromkeys(refuted or told)]
    return [*lines, "```", ":::", ""]


def _cell(dtype: str, row: dict[str, Any]) -> str:
    row = {key: re.sub(r" of at most [-+.\de]+", "", value) if key in ("everywhere", "ordinary") else value
           for key, value in row.items()}  # fmt: skip
    if row["status"] in ("not asked", "not promised"):
        return f"{dtype}: {row['status']} ({row['everywhere']})."
    return f"{dtype}: {row['status']} (ordinary points: {row['ordinary']}; hard ones: {row['everywhere']})."


def main() -> None:
    """Measures into a part, or writes the result and the page from parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="what is installed here")
    measuring.add_argument("names", nargs="*", choices=[*WHAT, []], help="these alone")
    measuring.add_argument("--out", type=Path, help="a file for the JSON; it is printed if not given")
    writing = commands.add_parser("write", help="results/scoreboard.json and the page, from parts")
    writing.add_argument("parts", nargs="+", type=Path)
    options = parser.parse_args()
    if options.command == "measure":
        text = json.dumps(measure(options.names), indent=1)
        if options.out is None:
            print(text)
        else:
            with beside(options.out) as part:
                part.write_text(text + "\n", encoding="utf-8")
        return
    result = merged([json.loads(part.read_text(encoding="utf-8")) for part in options.parts])
    for path, text in ((RESULTS, json.dumps(result, indent=1) + "\n"), (PAGE, page(result))):
        with beside(path) as part:
            part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
