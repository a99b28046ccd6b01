"""Parses, runs and answers: every command ends here with its exit code."""

import importlib
import logging
import os
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Sequence

from codef_nodes.cli.arguments import Parser, common, program_name
from codef_nodes.cli.console import Console, emit
from codef_nodes.cli.failures import as_codef_error
from codef_nodes.cli.heap import give_back_freed_memory
from codef_nodes.cli.interrupt import cancellable
from codef_nodes.cli.progress import put
from engine.errors import Cancelled, CodefError
from engine.progress import Task

COMMANDS = (
    "gui",
    "render",
    "nodes",
    "fit",
    "canonical",
    "propagate",
    "reconstruct",
    "stabilise",
    "stmap",
    "track",
    "relink",
    "mask",
    "check",
    "qc",
    "import_sequence",
    "devices",
    "models",
    "worker",
    "install_plugin",
)
"""Modules of this package, in the order in which the help lists them."""


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog=program_name(),
        description="A still picture of a whole shot that you can paint on: "
        "it goes back into every frame.",
        epilog="Exit codes: 0 ok, 1 internal error, 2 bad usage or an invalid document, edit or "
        "field, 3 a file that cannot be read or written, 4 device or memory, 5 cancelled, "
        "6 some frames failed under --continue.",
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name in COMMANDS:
        module = _module(name)
        command = commands.add_parser(
            name.replace("_", "-"), help=module.HELP, description=module.DESCRIPTION
        )
        module.arguments(command)
        common(command)
        command.set_defaults(module=name)
    return top


def run(argv: Sequence[str], started: float | None = None) -> int:
    """Runs one command line.

    Args:
        argv: Arguments without the program's name.
        started: Start of time budgets on ``time.monotonic``'s clock; None for now.

    Returns:
        The exit code.
    """
    started = time.monotonic() if started is None else started
    console = Console(
        as_json="--json" in argv, quiet="--quiet" in argv or "-q" in argv, started=started
    )
    code = 0
    try:
        code = _run(argv, console)
    except BrokenPipeError:
        # Somebody closed our standard output (`codef nodes | head`): there is nobody to tell.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives to the end
    except Exception as error:  # noqa: BLE001 - the last boundary: nothing passes but a sentence
        if "--debug" in argv:
            console.say(traceback.format_exc().rstrip())
        code = _failed(as_codef_error(error), console)
    return code


def _run(argv: Sequence[str], console: Console) -> int:
    whole = parser()
    try:
        arguments = whole.parse_args(argv)
    except SystemExit as left:  # --help
        return int(left.code or 0)
    if arguments.version:
        from codef_nodes import __version__

        console.table(f"codef {__version__}")
        return 0
    if arguments.command is None:
        whole.print_help(sys.stderr)
        whole.error("say which command to run")
    module = _module(arguments.module)
    cancelled = threading.Event()
    task = Task(console.meter, cancelled)

    give_back_freed_memory()

    def work() -> dict[str, object]:
        answer: dict[str, object] = module.run(arguments, console, task)
        return answer

    def overdue() -> None:
        _last_words(console)

    with _voices(console):
        if getattr(module, "MAIN_THREAD", False):
            answer = work()
        else:
            answer = cancellable(work, cancelled, overdue)
    failure = answer.pop("failure", None)
    if isinstance(failure, CodefError):
        # Some work is done and some is not: the answer says what is done, the code says the rest.
        console.say(f"codef: {failure}")
        console.result({**answer, "error": failure.as_dict()})
        return failure.code
    console.result(answer)
    return 0


def _module(name: str) -> types.ModuleType:
    return importlib.import_module(f"codef_nodes.cli.{name}")


def _failed(error: CodefError, console: Console) -> int:
    console.meter.finish()
    console.say(f"codef: {error}")
    if console.as_json:
        emit({"error": error.as_dict()})
    return error.code


def _last_words(console: Console) -> None:
    error = Cancelled("cancelled; the step that was running was cut off")
    put(sys.stderr, f"\ncodef: {error}\n")
    if console.as_json:
        emit({"error": error.as_dict()})


class _Heard(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.warn(record.getMessage())


class _voices:  # noqa: N801 - used as a function in a with statement
    """Brings what the engine warns of and logs to the console, as one line each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._handler = _Heard(console)
        self._catch = warnings.catch_warnings()

    def __enter__(self) -> None:
        for name in ("engine", "codef_nodes"):
            logger = logging.getLogger(name)
            logger.addHandler(self._handler)
            logger.propagate = False
        self._catch.__enter__()
        warnings.filterwarnings("always", category=UserWarning)
        warnings.showwarning = self._show

    def __exit__(self, *_: object) -> None:
        self._catch.__exit__(None, None, None)
        for name in ("engine", "codef_nodes"):
            logger = logging.getLogger(name)
            logger.removeHandler(self._handler)
            logger.propagate = True

    def _show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        *_: object,
        **__: object,
    ) -> None:
        # Warnings of other people's code, and of numpy about ours, tell an artist nothing.
        if not issubclass(category, UserWarning):
            return
        if any(
            part in ("engine", "codef_nodes") for part in filename.replace("\\", "/").split("/")
        ):
            self._console.warn(str(message))
