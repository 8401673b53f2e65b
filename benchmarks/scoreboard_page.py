"""The page of the scoreboard, tutorials/scoreboard.md: Markdown that follows from its JSON, and from nothing else."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from grassmann_np.testing import identities

STATUSES = {
    "yes": "holds in every case",
    "ordinary": "holds to 100 eps at points 0.2 to 0.9 apart; less near equal or opposite ones, or with tiny numbers",
    "choice": "fails, but holds at ordinary points with the parallel transport in place of its own, which is "
    "documented as a vector transport",
    "not promised": "fails, and its documentation does not say that it would hold",
    "no": "fails by more than 100 eps at ordinary points too, or is about equal points or ever shorter steps",
    "not asked": "needs a function that it does not have",
}
LIBRARIES = ("geoopt", "pymanopt", "geomstats", "geojax", "torch", "jax", "numpy", "scipy")


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
        "are drawn to be hard, and the limit of 8 eps, in more than 64 dimensions sqrt(n) eps, is ours too: a library "
        "that is good to 1e-8 fails here and may be all that you need. What it offers beyond these functions, from "
        "automatic differentiation to its other manifolds, is not counted.",
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
        "nobody and called `not promised`: " + "; ".join(promises) + ". Two subspaces of more than half "
        "the dimensions intersect, so that some of their angles are 0; such pairs are never ordinary. "
        "`retraction_is_second_order` measures with the library's own distance: a *no* there is that of an arccos, "
        "which cannot follow short steps, and says nothing of the library's retraction.",
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
        "`python benchmarks/scoreboard.py measure optimizers` measures these again. geoopt projects the momentum "
        "instead of carrying it, by choice, and was tested for that. pymanopt's optimizers run to the end: they have "
        "no step to ask for.",
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
