"""The live link: a document of the program, its worker, and the nodes that show its files."""

from __future__ import annotations

import os
import re
from typing import Any, Callable, cast

import nuke

from . import bake as baking
from .host import in_main_thread, later, log, no_undo, now, one_undo, shown, slashed
from .plugin import CodefError, Request, Shot, Worker
from .reads import Clip

LINKS: dict[str, Link] = {}
"""The links of this session by document."""

SHOWN = ("canonical", "stmap")
"""What appears as Reads by itself; baking asks for more."""

_GAP = 110


class Link:
    """What Nuke knows of one document. Its methods belong into the main thread.

    The worker starts with the first request, never by itself.
    """

    def __init__(self, document: str) -> None:
        self.document = document
        self.status = "not started"
        self.fraction: float | None = None
        self.manifest: dict[str, Any] | None = None
        self._field: str | None = None
        self._job: Request | None = None
        self._bar: Any = None
        self._polling = self._saved_meanwhile = False
        self.worker = Worker(wake=self._wake, on_event=self._hear)
        self.shot = Shot(self.worker, document)

    @property
    def busy(self) -> bool:
        """Whether a fit or a delivery is under way."""
        return self._job is not None and not self._job.over

    def create(
        self, clip: Clip, masks: list[str], fit: dict[str, Any], then: Callable[[], None]
    ) -> None:
        """Writes the document of a clip, then goes on."""
        settings = dict(clip.settings)
        settings["fit"] = {**settings.get("fit", {}), **fit}

        def made(answer: dict[str, Any]) -> None:
            log(f"wrote {self.document}")
            self._watch()
            then()

        self._tell("writing the document")
        self.shot.create(
            clip.source, masks=masks, on_done=shown(made), on_error=self._fail, **settings
        )

    def open(self, then: Callable[[], None]) -> None:
        """Opens the document as it is, then goes on."""

        def opened(answer: dict[str, Any]) -> None:
            self._take(answer)
            self._watch()
            then()

        self._tell("opening")
        self.shot.open(on_done=shown(opened), on_error=self._fail)

    def fit(self) -> None:
        """Fits in the background; then the Reads appear.

        Raises:
            CodefError: Something is under way already.
        """
        self._idle()

        def done(answer: dict[str, Any]) -> None:
            report = answer.get("report", {})
            quality = report.get("psnr_edit_path")
            log("fitted" + (f", {quality:.1f} dB" if isinstance(quality, (int, float)) else ""))
            self._end_bar()
            self._field = answer.get("folder")
            self.deliver(SHOWN, self.show)

        self._begin("Fit")
        self._job = self.shot.fit(on_done=shown(done), on_error=self._fail, on_event=self._progress)

    def deliver(
        self, wanted: Any, then: Callable[[dict[str, Any]], None], quiet: bool = False
    ) -> None:
        """Has the fit written as files, then goes on with their manifest."""
        self._idle()

        def done(manifest: dict[str, Any]) -> None:
            self._end_bar()
            self.manifest = manifest
            self._tell("up to date")
            then(manifest)
            if self._saved_meanwhile:
                self._saved_meanwhile = False
                self.deliver(SHOWN, self.show)

        self._begin("Write ST maps")
        self._job = self.shot.deliver(
            list(wanted), on_done=shown(done), on_error=self._fail, on_event=self._progress
        )

    def bake(self, plate: nuke.Node, painted: dict[int, baking.Painted]) -> None:
        """Has everything written that the nodes need, then builds them."""
        name = plate.name()

        def build(manifest: dict[str, Any]) -> None:
            found = nuke.toNode(name)
            if found is None:
                raise CodefError(
                    f"the plate {name} is not there any more; select it and bake again"
                )
            node = baking.bake(manifest, found, painted)
            log(f"baked to nodes; the last one is {node.name()}")

        self.deliver(baking.WANTED, build)

    def update(self) -> None:
        """Opens the file anew and shows what is in it."""

        def opened(answer: dict[str, Any]) -> None:
            self._take(answer)
            self._watch()
            for output in answer.get("outputs", []):
                self._show_output(output["node"], output["file"])
            if self._field is None:
                log(f"{self.document} is not fitted yet")
                self._tell("not fitted yet")
                return
            self.deliver(SHOWN, self.show)

        self._idle()
        self.shot.open(on_done=shown(opened), on_error=self._fail)

    def stop(self) -> None:
        """Ends a fit early and keeps it."""
        if self._job is not None:
            self._job.stop()

    def cancel(self) -> None:
        """Ends what is under way."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Ends the worker; the document is as it was last saved."""
        self._end_bar()
        self.worker.close()
        self._tell("closed")

    def show(self, manifest: dict[str, Any]) -> None:
        """Lets Reads show the delivered files: new ones appear, known ones are read again."""
        first, last = manifest["frames"]
        with one_undo("Codef Nodes files"):
            for layer in manifest["layers"]:
                for kind in SHOWN:
                    said = layer["files"].get(kind)
                    if said is not None:
                        end = last if said["moving"] else first
                        label = "{} of {}".format(kind, layer["name"])
                        key = "{}:{}".format(kind, layer["layer"])
                        self._read(key, label, said["file"], first, end)

    # Inside.

    def _wake(self) -> None:
        """From the reading thread: something was heard."""
        if not self._polling:
            self._polling = True
            later(self._poll)

    def _poll(self) -> None:
        self._polling = False
        self.worker.poll()

    def _watch(self) -> None:
        self.shot.watch(on_error=self._fail)

    def _take(self, answer: dict[str, Any]) -> None:
        for text in answer.get("notes", []):
            log(text)
        fits = answer.get("fits", [])
        self._field = fits[0]["field"] if fits else None

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        shown(self._heard)(name, data)

    def _heard(self, name: str, data: dict[str, Any]) -> None:
        if name == "saved":
            before = self._field
            self._take(data)
            log(f"saved in Codef Nodes: {self.document}")
            if self._field is None or self._field == before:
                return
            if self.busy:
                self._saved_meanwhile = True
            else:
                self.deliver(SHOWN, self.show)
        elif name == "rendered":
            log("rendered: {} frames of {}".format(len(data["changed"]), data["file"]))
            with one_undo("Codef Nodes result"):
                self._show_output(data["node"], data["file"], data["frames"])

    def _show_output(self, node: str, file: str, frames: list[int] | None = None) -> None:
        found = frames if frames is not None else frames_on_disk(file)
        if found:
            self._read(f"result:{node}", f"result of {node}", file, found[0], found[-1])

    def _read(self, key: str, label: str, file: str, first: int, last: int) -> nuke.Node:
        known = find_node(self.document, key)
        if known is not None:
            same = slashed(file) == known["file"].value()
            if not same or int(known["last"].value()) != last:
                baking.fill_read(known, file, first, last)
            cast(Any, known["reload"]).execute()
            return known
        node = nuke.nodes.Read()
        baking.fill_read(node, file, first, last)
        mark(node, self.document, key)
        node["label"].setValue(label)
        node.setName("Codef_" + "".join(c if c.isalnum() else "_" for c in label))
        anchor = find_node(self.document, "shot")
        if anchor is not None:
            count = len([n for n in nuke.allNodes("Read") if document_of(n) == self.document])
            node.setXYpos(int(anchor.xpos()) + _GAP * count, int(anchor.ypos()) + _GAP)
        return node

    def _idle(self) -> None:
        if self.busy:
            raise CodefError("Codef Nodes is still at work for this shot; cancel that, or wait")

    def _begin(self, what: str) -> None:
        self._tell(what)
        self.fraction = 0.0
        if nuke.GUI:
            self._bar = nuke.ProgressTask("Codef Nodes: " + what)

    def _progress(self, name: str, data: dict[str, Any]) -> None:
        if name == "note":
            log(str(data.get("text", "")))
        if name != "progress":
            return
        self.fraction = float(data.get("fraction") or 0.0)
        label = str(data.get("label") or "")
        self._tell(label)
        if self._bar is not None:
            self._bar.setProgress(int(100 * self.fraction))
            self._bar.setMessage(label)
            if self._bar.isCancelled():
                self.cancel()

    def _end_bar(self) -> None:
        # Nuke takes the bar away when nobody holds it any more.
        self._bar, self.fraction = None, None

    def _fail(self, error: CodefError) -> None:
        self._end_bar()
        self._tell("cancelled" if error.cancelled else "failed")
        shown(_raise)(error)

    def _tell(self, status: str) -> None:
        if status == self.status:
            return  # reports come ten times a second, and a script may have thousands of nodes
        self.status = status
        node = find_node(self.document, "shot")
        if node is not None and node.knob("codef_status") is not None:
            with no_undo():  # nothing that a person did
                node["codef_status"].setValue(status)


def link_to(document: str) -> Link:
    """The link to a document; made by the first who asks."""
    key = slashed(os.path.abspath(document))
    if key not in LINKS:
        LINKS[key] = Link(key)
    return LINKS[key]


def close_links() -> None:
    """Ends all workers, as when the script is closed."""
    for link in list(LINKS.values()):
        link.close()
    LINKS.clear()


def mark(node: nuke.Node, document: str, key: str) -> None:
    """Notes on a node what it shows; such a knob means nothing to a farm without us."""
    for name, text in (("codef_document", document), ("codef_key", key)):
        knob = nuke.String_Knob(name, name.replace("_", " "))
        node.addKnob(knob)
        node[name].setValue(text)


def document_of(node: nuke.Node) -> str | None:
    """The document that a node belongs to."""
    knob = node.knob("codef_document")
    return str(knob.value()) if knob is not None and knob.value() else None


def key_of(node: nuke.Node) -> str:
    """What a node of ours shows: ``shot``, or a kind of file and its layer."""
    knob = node.knob("codef_key")
    return "" if knob is None else str(knob.value())


def find_node(document: str, key: str) -> nuke.Node | None:
    """The node of the script that shows something of a document."""
    if not in_main_thread():
        found: nuke.Node | None = now(lambda: find_node(document, key))
        return found
    for node in nuke.allNodes():
        if key_of(node) == key and document_of(node) == document:
            return node
    return None


def frames_on_disk(pattern: str) -> list[int]:
    """Numbers of the files of a pattern with ``%04d`` or ``####``."""
    folder, name = os.path.split(re.sub("#+", "%d", pattern))
    head, percent, rest = name.partition("%")
    tail = rest.partition("d")[2]
    if not percent or not os.path.isdir(folder):
        return []
    numbers = []
    for file in os.listdir(folder):
        middle = file[len(head) : len(file) - len(tail)]
        if file.startswith(head) and file.endswith(tail) and middle.lstrip("-").isdigit():
            numbers.append(int(middle))
    return sorted(numbers)


def _raise(error: CodefError) -> None:
    raise error
