"""grassmann_np: Riemannian approach to batch normalization (Cho and Lee, NIPS 2017) in plain NumPy."""
