"""An extra is the packages that a part of the library needs beside NumPy and SciPy; an error names the line for it."""


def install(extras: str) -> str:
    """The command that installs these extras, from the index and from a checkout.

    >>> install("data")
    "pip install 'grassmann-np[data]', or in a checkout pip install -e '.[data]'"
    """
    return f"pip install 'grassmann-np[{extras}]', or in a checkout pip install -e '.[{extras}]'"
