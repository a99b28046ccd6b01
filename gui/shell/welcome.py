"""The first start: the demo graph, its clip, and the way into the guided tour."""

from PySide6.QtCore import QObject
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
    """Opens the demo graph; where its clip is not on this machine, offers to make or fetch it."""

    def __init__(self, editor: Editor, files: Files, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self._editor, self._files, self._banner, self._window = editor, files, banner, window
        self.folder = demo_folder()
        self.clip = ClipMaker(self.folder, self)
        self.clip.progress.connect(self._progress)
        self.clip.finished.connect(self._made)
        self.clip.failed.connect(self._failed)
        self._automatic = False
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

        Where no clip is on this machine, the program's own is rendered, and fitted.
        """
        name = best(self.folder)
        ready = clip_ready(self.folder, name)
        self._automatic = True
        self._open(name if ready else OWN)
        if not ready:
            self._start(True)
        self.done()

    def open_demo(self) -> None:
        """Opens the demo graph."""
        self._open(best(self.folder))

    def stop(self) -> None:
        """Ends what is being made."""
        self.clip.stop()

    def _open(self, name: str) -> None:
        try:
            path = place(self.folder, name)
        except CodefError as error:
            show_error(self._window, "The demo cannot be opened", str(error))
            return
        self._files.open(path)

    def _replaced(self) -> None:
        path = self._editor.project.path
        ours = path is not None and path.parent == self.folder
        if path is not None and ours and not clip_ready(self.folder, path.name):
            if self.clip.busy:
                self._making(True)
            else:
                self._offer()
        elif path is not None and ours and not list(path.parent.glob(f"{path.stem}_Fit_fit_v*")):
            if self._automatic:
                self._automatic = False
                self._fit()
            else:
                self._offer_fit()
        else:
            self._banner.clear_notice(_ABOUT)

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
        self._making(offline)

    def _making(self, offline: bool) -> None:
        self._banner.show_notice(
            _ABOUT,
            "First start: a demo clip is being rendered…"
            if offline and self._automatic
            else "Making the demo's clip…"
            if offline
            else "Fetching the demo's clip…",
            (("Stop", self._stopped),),
        )

    def _stopped(self) -> None:
        self._automatic = False
        self.clip.stop()
        self._offer()

    def _progress(self, fraction: float) -> None:
        if self._banner.about == _ABOUT:
            self._banner.text.setText(f"Making the demo's clip: {fraction:.0%}")

    def _made(self, name: str) -> None:
        self._banner.clear_notice(_ABOUT)
        said = "The demo's clip is there"
        if name == OWN:
            said += ": a balloon over hills, rendered by this program"
        self._editor.say(said)
        project = self._editor.project
        if project.path is not None and project.path.parent == self.folder:
            self._open(name)

    def _failed(self, why: str) -> None:
        self._automatic = False
        self._offer(why[0].upper() + why[1:] + ".")
