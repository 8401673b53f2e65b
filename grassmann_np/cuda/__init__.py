"""Kernels in CUDA C for what CuPy alone would do in many passes: each stands here beside its NumPy twin in `ops`.

A kernel is a plain string, compiled by CuPy when it is first launched; nothing here needs a compiler to be installed,
or a device to be imported. T is float or double, as the arrays are. No kernel adds by atomics: same input, same bits.
"""
