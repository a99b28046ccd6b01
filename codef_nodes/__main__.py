"""``codef`` and ``python -m codef_nodes``: the command line."""

import time

_FIRST_LINE = time.monotonic()

import sys  # noqa: E402 - the first line must be the first thing that runs
from collections.abc import Sequence  # noqa: E402


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        argv: Arguments without the program's name. None takes those of the process, and then time
            budgets (``--seconds``) count from the start of the process.
    """
    from codef_nodes.cli.app import run
    from codef_nodes.cli.clock import process_started

    if argv is None:
        return run(sys.argv[1:], process_started(_FIRST_LINE))
    return run(list(argv), time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
