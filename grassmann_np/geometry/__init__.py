"""Four geometries, each a module with the functions of `Geometry`."""

from . import euclidean, lines, sphere, subspaces
from .protocol import Geometry

__all__ = ["Geometry", "euclidean", "lines", "sphere", "subspaces"]
