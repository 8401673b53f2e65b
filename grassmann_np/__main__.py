"""`python -m grassmann_np`: the door to the commands, which hears Ctrl-C while they are still being imported."""

try:
    import os
    import signal

    def _leave(*_: object) -> None:
        """Nothing has begun: there is nothing to save and nothing to tell."""
        os._exit(130)

    if __name__ == "__main__":
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, _leave)

        from .commands import main
        from .terminal import run

        run(main)
except KeyboardInterrupt:
    raise SystemExit(130) from None
