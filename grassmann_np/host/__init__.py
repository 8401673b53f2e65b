"""The wing for large NumPy arrays: the ops and steps again, as loops over single numbers, compiled by Numba.

Every file here has a twin of the same name that shows the formula; a loop is that formula as one would write it on
paper, number by number. It may know of memory, never of meaning. Only ways.py looks in here, and only where Numba is
installed (the extra `fast`); everywhere else the twin does the work, and gives the same values.
"""
