"""The first start: the demo graph, its clip, and the way into the guided tour."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.jobs.job import CANCELLED, Job, duration
from gui.jobs.queue import queue_of
from gui.project.demo import OWN, ClipMaker, best, clip_ready, demo_folder, place
from gui.project.files import Files
from gui.shell.banner import Banner
from gui.shell.errors import show_error

_ABOUT = "demo"


class Welcome(QObject):
    """Opens the demo graph, once its clip is on this machine; else offers to make or fetch it."""

    opened = Signal()
    """The first start shows its demo."""

    def __init__(self, editor: Editor, files: Files, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._editor, self._files, self._banner, self._window = editor, files, banner, window
        self.folder = demo_folder()
        self.clip = ClipMaker(self.folder, self)
        self.clip.progress.connect(self._progress)
        self.clip.finished.connect(self._made)
        self.clip.failed.connect(self._failed)
        self._automatic, self._doing = False, ""
        self._job: Job | None = None
        queue_of(editor).finished.connect(self._job_over)
        editor.project.replaced.connect(self._replaced)

    @property
    def first_start(self) -> bool:
        """Whether this is the artist's first start."""
        return not self._editor.preferences.get("welcomed")

    def done(self) -> None:
        """The first start is over."""
        self._editor.preferences.set("welcomed", True)

    def begin(self) -> None:
        """The first start: a demo that moves, without a question but told, and ended by a click.

        Where no clip is on this machine, the program's own is rendered, then opened and fitted.
        """
        self.done()
        self._automatic = True
        name = best(self.folder)
        if clip_ready(self.folder, name):
            self._open(name)
        else:
            self._start(True)

    def open_demo(self) -> None:
        """Opens the demo graph; without its clip it would show nothing, so that comes first."""
        name = best(self.folder)
        if clip_ready(self.folder, name):
            self._open(name)
        elif not self.clip.busy:
            self._offer()

    def stop(self) -> None:
        """Ends what is being made."""
        self.clip.stop()
        self._editor.viewing.set_coming("")

    def _open(self, name: str) -> None:
        try:
            path = place(self.folder, name)
        except CodefError as error:
            show_error(self._window, "The demo cannot be opened", str(error))
            return
        self._files.open(path)

    def _replaced(self) -> None:
        path = self._editor.project.path
        if self.clip.busy:
            return
        if path is None or path.parent != self.folder:
            self._banner.clear_notice(_ABOUT)
            return
        if not clip_ready(self.folder, path.name):
            self._offer()
            return
        first, self._automatic = self._automatic, False
        if list(path.parent.glob(f"{path.stem}_Fit_fit_v*")):
            self._banner.clear_notice(_ABOUT)
        elif first:
            self._fit()
        else:
            self._offer_fit()
        if first:
            self.opened.emit()

    def _offer(self, why: str = "") -> None:
        self._banner.show_notice(
            _ABOUT,
            (f"{why} " if why else "") + "The demo's clip is not on this machine yet.",
            (
                ("Render a clip here (5 s)", lambda: self._start(True)),
                ("Fetch the real one", lambda: self._start(False)),
                ("Not now", lambda: self._banner.clear_notice(_ABOUT)),
            ),
        )

    def _offer_fit(self) -> None:
        self._banner.show_notice(
            _ABOUT,
            "The demo is not fitted yet; a draft is there within seconds.",
            (
                ("Fit it now", self._fit),
                ("Not now", lambda: self._banner.clear_notice(_ABOUT)),
            ),
        )

    def _fit(self) -> None:
        self._banner.clear_notice(_ABOUT)
        if "Fit" not in self._editor.project.document:
            return
        queue = queue_of(self._editor)
        job = queue.fit("Fit")
        seconds = float(self._editor.project.document.knob_value("Fit", "seconds") or 0)
        long = f", about {duration(seconds)}" if seconds else ""
        self._banner.show_notice(
            _ABOUT,
            f"The demo is being fitted{long}; its first draft can be painted on in a few seconds.",
            (
                ("Stop", lambda: queue.cancel(job)),
                ("Hide", lambda: self._banner.clear_notice(_ABOUT)),
            ),
        )
        self._job = job

    def _job_over(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = None
        if self._banner.about != _ABOUT or job.foreign:
            return
        self._banner.clear_notice(_ABOUT)
        if job.state == CANCELLED:
            self._offer_fit()

    def _start(self, offline: bool) -> None:
        self.clip.start(offline=offline)
        self._doing = "Making the example clip" if offline else "Fetching the example clip"
        self._banner.show_notice(
            _ABOUT,
            f"First start: {self._doing.lower()}…" if self._automatic else f"{self._doing}…",
            (("Stop", self._stopped),),
        )
        self._editor.viewing.set_coming(f"{self._doing}…")

    def _stopped(self) -> None:
        self._automatic = False
        self.stop()
        self._offer()

    def _progress(self, fraction: float) -> None:
        self._editor.viewing.set_coming(f"{self._doing}…  {100 * fraction:.0f} %")

    def _made(self, name: str) -> None:
        self._editor.viewing.set_coming("")
        self._banner.clear_notice(_ABOUT)
        said = "The example clip is there"
        if name == OWN:
            said += ": a balloon over hills, rendered by this program"
        project = self._editor.project
        ours = project.path is not None and project.path.parent == self.folder
        if ours or (project.path is None and not project.modified):
            self._editor.say(said)
            self._open(name)
        else:  # the artist has begun something else meanwhile
            self._banner.show_notice(
                _ABOUT,
                f"{said}.",
                (
                    ("Open the demo", lambda: self._open(name)),
                    ("Not now", lambda: self._banner.clear_notice(_ABOUT)),
                ),
            )

    def _failed(self, why: str) -> None:
        self._editor.viewing.set_coming("")
        self._automatic = False
        self._offer(why[0].upper() + why[1:] + ".")
