"""In place of scikit-learn, in the browser: its digits, and nothing else of it."""

import gzip
from pathlib import Path

import numpy as np


def load_digits(return_X_y=False):
    """(images, labels), as scikit-learn's function of this name, from its file."""
    if not return_X_y:
        raise NotImplementedError("load_digits: in the browser there is only return_X_y=True")
    with gzip.open(Path(__file__).with_name("digits.csv.gz"), "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    return table[:, :-1], table[:, -1].astype(int)
