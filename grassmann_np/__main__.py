# PYTHON_ARGCOMPLETE_OK
"""`python -m grassmann_np`: the door to the commands, which hears Ctrl-C while they are still being imported."""

try:
    import os
    import signal
    import sys

    def _leave(*_: object) -> None:
        """Nothing has begun: there is nothing to save and nothing to tell."""
        os._exit(130)

    def main() -> None:
        """The console script grassmann-np, which finds modules of one's own in this folder, as `python -m` does."""
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, _leave)

        if "" not in sys.path:
            sys.path.append("")  # last, so that nothing here takes the place of what is installed
        from . import commands, terminal

        terminal.run(commands.main)

    def viz() -> None:
        """The console script grassmann-viz."""
        from viz import __main__ as pictures

        from . import terminal

        terminal.run(pictures.main)

    if __name__ == "__main__":
        main()
except KeyboardInterrupt:
    raise SystemExit(130) from None
