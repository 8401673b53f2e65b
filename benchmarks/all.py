"""All benchmarks, one after another, in one Markdown file with machine and versions: what `make bench` runs.

python benchmarks/all.py --out benchmarks/results/bench.md
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grassmann_np.files import beside

HERE = Path(__file__).parent
SCRIPTS = ("limits", "conv", "norm", "optimizers", "geometry", "steps", "layers", "small", "film")
PACKAGES = ("numpy", "scipy", "numba", "threadpoolctl", "torch", "geoopt", "geomstats", "pymanopt", "matplotlib")


def machine() -> str:
    """The processor, its cores and the versions, one line each."""
    names = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"{names[0] if names else platform.processor()}, {cores} cores for this process, "
        f"OMP_NUM_THREADS {threads}, load {os.getloadavg()[0]:.1f} at the start.\n\n"
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {versions}."
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Runs the scripts, says what each prints, and writes all of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE / "results" / "bench.md")
    parser.add_argument("--only", default=",".join(SCRIPTS), help="some of " + ",".join(SCRIPTS))
    parser.add_argument("--samples", type=int, help="of every row; each script has a number of its own")
    options = parser.parse_args()
    words = [] if options.samples is None else ["--samples", str(options.samples)]
    parts = ["# Benchmarks", machine(), "A ratio is our time over the peer's, both taken turn by turn in one process."]
    for name in options.only.split(","):
        script = HERE / f"{name}.py"
        about = next(line for line in script.read_text().splitlines() if line.startswith('"""')).strip('" ')
        asked = words if "--samples" in script.read_text() else []
        found = subprocess.run([sys.executable, str(script), *asked], stdout=subprocess.PIPE, text=True, check=True)
        parts += [f"## {about}", f"    python benchmarks/{name}.py", f"```text\n{found.stdout.strip()}\n```"]
        print(found.stdout, flush=True)
    with beside(options.out) as part:
        part.write_text("\n\n".join(parts) + "\n")
    print(f"written to {options.out}")


if __name__ == "__main__":
    main()
