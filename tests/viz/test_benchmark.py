"""The benchmark of the film draws both films, of as many frames, and prints what it measured."""

import re
import subprocess
import sys
from pathlib import Path

from .test_render import frames_of

FILM = Path(__file__).parents[2] / "benchmarks/film.py"


def test_both_films_are_whole_and_the_ratio_is_printed(tmp_path):
    words = ["--seconds", "0.1", "--repeats", "1", "--keep", str(tmp_path)]
    told = subprocess.run([sys.executable, str(FILM), *words], capture_output=True, text=True, check=True).stdout
    said = r"3 frames of 640 x 480 .*viz (\S+) frames/s \((\S+) by the clock\),[^,]* (\S+) frames/s, ratio ([\d.]+)"
    fast, clock, slow, ratio = map(float, re.search(said, told).groups())
    assert clock > 0
    assert abs(fast / slow - ratio) < 0.2 * ratio
    assert [frames_of(tmp_path / f"{name}.mp4") for name in ("ours", "mplot3d")] == [3, 3]
