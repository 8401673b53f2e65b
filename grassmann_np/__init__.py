"""Riemannian approach to batch normalization (Cho and Lee, NIPS 2017), executable, in plain NumPy.

Batch normalization does not see the length of a weight vector, only its direction. So a weight vector is a point of
a sphere, and is moved along geodesics. Read geometry/sphere.py first, then optim/sgd.py, then nn/invariant.py.
"""

__version__ = "0.1.0"
