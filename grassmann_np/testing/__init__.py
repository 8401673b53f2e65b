"""Tools that a user points at their own code: identities of geometry, Hypothesis strategies, gradient checks.

python -m grassmann_np.testing mypackage.mygeometry
"""

from .parametrize import parametrize_with_identities

__all__ = ["parametrize_with_identities"]
