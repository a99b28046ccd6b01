"""New, open, save: what the File menu does, with its questions. Nothing here blocks."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from codef_nodes.graph.document import Document
from engine.errors import CodefError
from gui.core.editor import Editor
from gui.jobs.queue import queue_of
from gui.project.autosave import Autosave
from gui.project.opening import Opener
from gui.project.recovery import Crashed, crashed_windows
from gui.project.saver import Saver
from gui.shell.errors import ask, chosen, show_error
from gui.shell.recent import Recent

_FILTER = "Codef documents (*.codef);;All files (*)"
Then = Callable[[], None]


class Files(QObject):
    """The documents of one window.

    Args:
        editor: What panes share.
        window: Owner of the dialogs.
        autosave: Keeps copies; None in tests that need none.

    Attributes:
        saver: Writes the document.
        recent: What was open lately.
    """

    def __init__(self, editor: Editor, window: QWidget, autosave: Autosave | None = None) -> None:
        super().__init__(window)
        self._editor, self._window, self._autosave = editor, window, autosave
        self._opener = Opener(self)
        self.saver = Saver(editor.project, self)
        self.recent = Recent(editor.preferences)

    @property
    def busy(self) -> bool:
        """Whether a document is being read."""
        return self._opener.busy

    def new(self) -> None:
        """An empty document, after the questions about unsaved changes and jobs."""
        self.when_safe(lambda: self.when_idle(self._editor.project.new))

    def ask_open(self, *, safe: bool = False) -> None:
        """Asks for a document and opens it."""

        def choose() -> None:
            dialog = QFileDialog(self._window, "Open", self._start_folder(), _FILTER)
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            self._shown(dialog, lambda path: self.when_idle(lambda: self.read(path, safe=safe)))

        self.when_safe(choose)

    def open(self, path: Path, *, safe: bool = False) -> None:
        """Opens a document, after the questions about unsaved changes and jobs."""
        self.when_safe(lambda: self.when_idle(lambda: self.read(path, safe=safe)))

    def read(self, path: Path, *, safe: bool = False) -> None:
        """Opens a document without a question about the one that is open."""
        path = path.expanduser().absolute()
        crashed = [each for each in crashed_windows() if each.document == path]
        if crashed and not safe:
            self.offer(crashed[0])
            return
        self._read(path, safe)

    def save(self, then: Then | None = None) -> None:
        """Saves, asking for a name when there is none."""
        if self._editor.project.path is None:
            self.save_as(then)
        else:
            self._save(None, then)

    def save_as(self, then: Then | None = None) -> None:
        """Asks for a name and saves."""
        project = self._editor.project
        name = project.path or Path(self._start_folder()) / "untitled.codef"
        dialog = QFileDialog(self._window, "Save as", str(name), _FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("codef")
        dialog.selectFile(name.name)
        self._shown(dialog, lambda path: self._save(path, then))

    def save_next_version(self) -> None:
        """Saves as the next version; an untitled document asks for a name."""
        project = self._editor.project
        if project.path is None:
            self.save_as()
            return
        self._save(project.next_version(), None)

    def when_safe(self, then: Then) -> None:
        """Does something that gives the open document up, after asking about its changes."""
        if self.saver.when_idle(lambda: self._ask_about_changes(then)):
            self._editor.say("Saving…")

    def _ask_about_changes(self, then: Then) -> None:
        project = self._editor.project
        if not project.modified:
            then()
            return
        box = ask(
            self._window,
            f"Save the changes to {project.title}?",
            "They are lost if you do not save them.",
            ("Save", "Discard", "Cancel"),
        )

        def answered(_: int) -> None:
            answer = chosen(box)
            box.deleteLater()
            if answer == "Save":
                self.save(then)
            elif answer == "Discard":
                then()

        box.finished.connect(answered)
        box.open()

    def when_idle(self, then: Then, *, ends: str = "End the job", what: str = "This") -> None:
        """Does something that ends jobs, after asking about one that is under way.

        A job that runs for an hour does not end by a slip of the hand.

        Args:
            then: What to do.
            ends: The button that does it.
            what: What ends the job, the first word of the explanation.
        """
        queue = queue_of(self._editor)
        job = queue.running or next((job for job in queue.jobs if not job.over), None)
        if job is None:
            then()
            return
        box = ask(
            self._window,
            f"{job.title} is still {'running' if job.active else 'waiting'}",
            f"{what} ends it. A fit goes on from its last checkpoint when it is started again; "
            "frames that are written stay.",
            (ends, "Keep running"),
            default=1,
        )

        def answered(_: int) -> None:
            answer = chosen(box)
            box.deleteLater()
            if answer == ends:
                then()

        box.finished.connect(answered)
        box.open()

    def offer(self, crashed: Crashed) -> None:
        """Says that a window crashed, and lets the artist choose what to open."""
        choices: tuple[str, ...]
        place = "an untitled document" if crashed.document is None else str(crashed.document)
        if crashed.recovered is not None:
            title = f"Recover {crashed.title}?"
            text = f"The program ended without saving {place}. What was not saved is still there."
            choices = ("Recover", "Recover safely", "Discard it", "Not now")
        else:
            title = f"Open {crashed.title} safely?"
            text = (
                f"The program ended unexpectedly while {place} was open. Opened safely, nothing "
                "is evaluated until you say so."
            )
            choices = ("Open safely", "Open", "Not now")
        box = ask(self._window, title, text, choices)
        box.finished.connect(lambda _: self._recover(crashed, box))
        box.open()

    def _recover(self, crashed: Crashed, box: QMessageBox) -> None:
        answer = chosen(box)
        box.deleteLater()
        if answer in ("", "Not now"):
            return
        if crashed.recovered is None or answer == "Discard it":
            crashed.discard()
            if crashed.document is not None:
                self._read(crashed.document, answer == "Open safely")
            return
        self._use(
            crashed.recovered,
            crashed.recovered.copied(),
            crashed.document,
            answer == "Recover safely",
            saved=False,
        )
        if self._autosave is not None:
            self._autosave.now()
            self._autosave.snapshots.wait()  # the new copy is there before the old one goes
        crashed.discard()
        self._editor.say("Recovered; save it to keep it")

    def _read(self, path: Path, safe: bool) -> None:
        self._editor.say(f"Opening {path.name}")

        def done(document: Document, copy: Document) -> None:
            self._use(document, copy, path, safe)
            self.recent.add(path)
            self._editor.say(f"Opened {path.name}" + (", nothing is evaluated" if safe else ""))
            self._notes(path, document.notes)

        def failed(error: CodefError) -> None:
            if not path.exists():
                self.recent.remove(path)
            self._refused(f"{path.name} cannot be opened", error)

        self._opener.open(path, done, failed)

    def _use(
        self, document: Document, copy: Document, path: Path | None, safe: bool, saved: bool = True
    ) -> None:
        if self._autosave is not None:
            self._autosave.prepare(copy)
        self._editor.project.use(document, path, safe=safe, saved=saved)

    def _save(self, path: Path | None, then: Then | None) -> None:
        def done(saved: Path) -> None:
            self.recent.add(saved)
            self._editor.say(f"Saved {saved.name}")
            if then is not None:
                then()

        self.saver.save(
            path, done, lambda error: self._refused("The document was not saved", error)
        )
        if self.saver.busy:
            self._editor.say("Saving…")

    def _notes(self, path: Path, notes: list[str]) -> None:
        if notes:
            shown = notes[:8] + ([f"... and {len(notes) - 8} more"] if len(notes) > 8 else [])
            show_error(
                self._window,
                f"{path.name} holds what this version does not know",
                "It is kept and saved again as it is.\n\n" + "\n".join(f"• {n}" for n in shown),
                "\n".join(notes) if len(notes) > 8 else "",
            )

    def _refused(self, title: str, error: CodefError) -> None:
        show_error(self._window, title, str(error))

    def _shown(self, dialog: QFileDialog, then: Callable[[Path], None]) -> None:
        dialog.fileSelected.connect(lambda name: then(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _start_folder(self) -> str:
        project = self._editor.project
        if project.path is not None:
            return str(project.path.parent)
        there = next((path.parent for path in self.recent.paths if path.parent.is_dir()), None)
        return str(there or Path.home())
