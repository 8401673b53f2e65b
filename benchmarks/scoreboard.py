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
import json
import platform
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from findings import FINDINGS, printed
from scoreboard_page import LIBRARIES, page

from grassmann_np import geometry
from grassmann_np.files import beside
from grassmann_np.testing import adapters, identities, optimizers
from grassmann_np.testing.cases import Case
from grassmann_np.testing.optimizers import adapters as stepping
from grassmann_np.testing.report import Result

HERE = Path(__file__).parent
PAGE = HERE.parent / "tutorials" / "scoreboard.md"
RESULTS = HERE / "results" / "scoreboard.json"
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


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One result from those of several environments."""
    whole: dict[str, Any] = {"date": max(part["date"] for part in parts), "python": parts[0]["python"]}
    statements = {one.name: one.statement for one in identities.CATALOGUE}
    whole["statements"] = statements | {one.name: one.statement for one in optimizers.CATALOGUE}
    whole["versions"] = dict(parts[0]["versions"])
    for part in parts[1:]:
        own = {name: said for name, said in part["versions"].items() if name not in whole["versions"]}
        whole["versions"] |= own
        for name in ("numpy", "scipy"):  # under which they were measured
            if part["versions"][name] != parts[0]["versions"][name]:
                whole["versions"][name] += f" ({', '.join(own)}: {part['versions'][name]})"
    for key, name in (("geometries", ("geometry", "dtype")), ("optimizers", ("title",)), ("findings", ("title",))):
        seen = {tuple(one[n] for n in name): one for part in reversed(parts) for one in part[key]}
        whole[key] = list(seen.values())
    order = [*OURS, *PEERS]
    whole["geometries"].sort(key=lambda one: (order.index(one["geometry"]), one["dtype"] != "float64"))
    whole["optimizers"].sort(key=lambda one: list(STEPS).index(one["title"]))
    whole["findings"].sort(key=lambda one: [finding[0] for finding in FINDINGS].index(one["title"]))
    return whole


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
