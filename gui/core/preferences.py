"""What the artist prefers: one JSON file in the user's configuration folder."""

import contextlib
import json
import os
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal

from codef_nodes.graph.jsonvalue import JSON, same
from codef_nodes.graph.knob import Knob
from engine.errors import UsageError

PREFERENCES: tuple[Knob, ...] = (
    Knob(
        "ui_scale",
        "choice",
        "100 %",
        "Size of text and controls; takes effect at the next start.",
        label="Interface size",
        choices=("75 %", "100 %", "125 %", "150 %", "200 %"),
        page="Window",
    ),
    Knob("open_panels", "int", 8, "Most panels that the properties bin keeps open.", minimum=1,
         maximum=50, page="Window"),
    Knob("stamps", "bool", True, "Show a small picture on each clip of the node graph; Alt+P on a "
         "node says it for that node alone.",
         label="Postage stamps", page="Window"),
    Knob("graph_flow", "choice", "down", "Way that streams run in the node graph; Tidy lays an old "
         "graph out anew.", label="Graph runs", choices=("down", "right"), page="Window"),
    Knob("autosave", "bool", True, "Save a copy 5 s after the last change and every 30 s, so that "
         "a crash loses nothing.", page="Files"),
    Knob("recent_files", "int", 10, "Number of documents that the File menu remembers.",
         minimum=0, maximum=50, page="Files"),
    Knob("paint_program", "file_in", "", "Program that Export canonical opens the picture in; "
         "empty: the system's own choice.", page="Files"),
    Knob("display", "text", "", "OCIO display of new viewers; empty: the config's default.",
         page="Viewer"),
    Knob("view", "text", "", "OCIO view of new viewers; empty: the config's default.",
         page="Viewer"),
    Knob("gpu", "choice", "auto", "Show pictures through the graphics card where there is one; "
         "always takes a driver too that draws in software. Help > About says what is used.",
         label="Graphics card", choices=("auto", "off", "always"), page="Viewer"),
    Knob("playback_memory", "float", 0.0, "Memory for playback; 0: a quarter of the machine's, "
         "at most 4 GiB.",
         minimum=0.0, maximum=1024.0, unit="GiB", page="Viewer"),
)  # fmt: skip
"""Every preference as data: the dialog, the file and the checks come from it."""

_KNOWN = {knob.name: knob for knob in PREFERENCES}
_WRITE_AFTER = 400  # ms: a dragged dock changes the layout many times a second


def config_folder() -> Path:
    """Where preferences live: ``$CODEF_CONFIG``, else the user's configuration folder."""
    given = os.environ.get("CODEF_CONFIG")
    return Path(given) if given else Path(platformdirs.user_config_dir("codef", appauthor=False))


class Preferences(QObject):
    """Preferences by name, and what the window remembers (layouts, recent files) beside them.

    Args:
        folder: Where the file is; default: ``config_folder()``.

    Attributes:
        file: The file.
        problem: What was wrong with the file when it was read; empty: nothing. A file that cannot
            be read is kept as ``preferences.json.broken`` and the defaults are used.
    """

    changed = Signal(str)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.file = (folder or config_folder()) / "preferences.json"
        self.problem = ""
        self._values: dict[str, JSON] = {}
        self._timer = QTimer(self, singleShot=True, interval=_WRITE_AFTER)
        self._timer.timeout.connect(self.flush)
        self._read()

    def get(self, name: str, default: JSON = None) -> JSON:
        """The value of a preference, or of what the window remembers under that name."""
        known = _KNOWN.get(name)
        value = self._values.get(name, default if known is None else known.default)
        if known is None:
            return value
        try:
            return known.check(value)
        except UsageError:
            return known.default

    def set(self, name: str, value: JSON) -> None:
        """Sets a value and writes it soon.

        Raises:
            UsageError: The preference refuses the value.
        """
        known = _KNOWN.get(name)
        value = value if known is None else known.check(value)
        if same(self._values.get(name), value):
            return
        self._values[name] = value
        self._timer.start()
        self.changed.emit(name)

    def flush(self) -> None:
        """Writes what has changed now. A folder that cannot be written costs the preferences of
        this run, nothing else."""
        self._timer.stop()
        part = self.file.with_name(f".{self.file.name}.{os.getpid()}.part")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(self._values, indent=1, sort_keys=True), encoding="utf-8")
            os.replace(part, self.file)
            self.problem = ""
        except OSError as error:
            self.problem = f"preferences cannot be written to {self.file} ({error.strerror})"
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    @property
    def pending(self) -> bool:
        """Whether something is still to be written."""
        return self._timer.isActive()

    def _read(self) -> None:
        try:
            values = json.loads(self.file.read_text(encoding="utf-8"))
            if not isinstance(values, dict):
                raise ValueError("it is no JSON object")
            self._values = values
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            self.problem = f"preferences in {self.file} are not used: {error}"
            with contextlib.suppress(OSError):
                os.replace(self.file, self.file.with_name(self.file.name + ".broken"))
