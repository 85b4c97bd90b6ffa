"""Runs the command line: `listrak-sync`, and `python -m listrak_sync`."""

import signal


def main() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until a command takes care of it: Ctrl-C while modules load ends without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from listrak_sync.cli import main as run  # noqa: PLC0415 - after that

    run()


if __name__ == "__main__":
    main()
