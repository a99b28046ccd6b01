"""A Nuke for tests, as far as the plugin touches it; written from Foundry's documentation.

What it takes from there (Python Developer's Guide 13 to 17, node reference, and the knobs, types,
defaults and choices of the nodes of Nuke 17):

* Nodes and knobs may be touched in the main thread only; here that is an error in any other.
* ``executeInMainThread`` returns at once; ``executeInMainThreadWithResult`` waits, prints what the
  call raises and returns None; called from the main thread it would wait for ever: an error here.
* ``nuke.nodes.X()`` leaves the selection alone; ``selectedNode`` raises ValueError without one;
  ``toNode`` gives None; ``node[name]`` raises NameError and ``node.knob(name)`` gives None.
* A ``File_Knob`` gives ``####`` back as ``%04d``; an enumeration takes its own words only.
* ``Undo.begin``/``name``/``end``/``cancel``; without a group every change is a step of its own.
* ``execute`` renders Writes and raises RuntimeError; ``filename`` follows the proxy setting.

Not here: anything that draws, and whether the real one agrees.
"""

import copy
import queue
import re
import sys
import threading
import traceback
import types
from collections.abc import Callable
from typing import Any, ClassVar

MAIN = threading.main_thread()


class WrongThreadError(Exception):
    """Something of Nuke's was touched outside the main thread; the real one crashes."""


def main_only() -> None:
    """Refuses any other thread."""
    if threading.current_thread() is not MAIN:
        raise WrongThreadError("Nuke's objects may be touched in the main thread only")


COMMON = {
    "name": ("String_Knob", ""),
    "label": ("Multiline_Eval_String_Knob", ""),
    "tile_color": ("ColorChip_Knob", 0),
    "note_font_size": ("Array_Knob", 11.0),
    "xpos": ("Int_Knob", 0),
    "ypos": ("Int_Knob", 0),
    "disable": ("Disable_Knob", False),
    "selected": ("Boolean_Knob", False),
}
SPACES = ["default", "linear", "sRGB", "rec709", "Cineon", "AlexaV3LogC", "SLog3"]
OPERATIONS = [
    "atop",
    "average",
    "color-burn",
    "color-dodge",
    "conjoint-over",
    "copy",
    "difference",
    "disjoint-over",
    "divide",
    "exclusion",
    "from",
    "geometric",
    "hard-light",
    "hypot",
    "in",
    "mask",
    "matte",
    "max",
    "min",
    "minus",
    "multiply",
    "out",
    "over",
    "overlay",
    "plus",
    "screen",
    "soft-light",
    "stencil",
    "under",
    "xor",
]
FILTERS = [
    "impulse",
    "linear",
    "cubic",
    "Keys",
    "Simon",
    "Rifman",
    "Mitchell",
    "Parzen",
    "notch",
    "Lanczos4",
    "Lanczos6",
    "sinc4",
]
READ = {
    "file": ("File_Knob", ""),
    "proxy": ("File_Knob", ""),
    "first": ("Int_Knob", 1),
    "last": ("Int_Knob", 1),
    "origfirst": ("Int_Knob", 1),
    "origlast": ("Int_Knob", 1),
    "before": ("Enumeration_Knob", "hold", ["hold", "loop", "bounce", "black"]),
    "after": ("Enumeration_Knob", "hold", ["hold", "loop", "bounce", "black"]),
    "frame_mode": ("Enumeration_Knob", "expression", ["expression", "start at", "offset"]),
    "frame": ("String_Knob", ""),
    "on_error": (
        "Enumeration_Knob",
        "error",
        ["error", "black", "checkerboard", "nearest frame"],
    ),
    "colorspace": ("Enumeration_Knob", "default", SPACES),
    "raw": ("Boolean_Knob", False),
    "premultiplied": ("Boolean_Knob", False),
    "auto_alpha": ("Boolean_Knob", False),
    "reload": ("PyScript_Knob", ""),
}
#: Class, inputs, knobs.
CLASSES: dict[str, tuple[int, dict[str, tuple[Any, ...]]]] = {
    "Read": (0, READ),
    "Write": (
        1,
        {
            "file": ("File_Knob", ""),
            "file_type": ("Enumeration_Knob", " ", [" ", "exr", "png", "tiff"]),
            "channels": ("ChannelMask_Knob", "rgb"),
            "raw": ("Boolean_Knob", False),
        },
    ),
    "NoOp": (1, {}),
    "Dot": (1, {}),
    "Grade": (1, {"white": ("AColor_Knob", 1.0)}),
    "RotoPaint": (
        5,
        {
            "output": ("ChannelMask_Knob", "rgba"),
            "outputMask": ("Channel_Knob", "none"),
            "premultiply": ("Channel_Knob", "none"),
        },
    ),
    "Copy": (
        3,
        {
            "from0": ("Channel_Knob", "rgba.alpha"),
            "to0": ("Channel_Knob", "rgba.alpha"),
            "channels": ("ChannelMask_Knob", "none"),
        },
    ),
    "Premult": (
        1,
        {"channels": ("ChannelMask_Knob", "rgb"), "alpha": ("Channel_Knob", "rgba.alpha")},
    ),
    "STMap": (
        3,
        {
            "channels": ("ChannelMask_Knob", "all"),
            "uv": ("Channel_Knob", "none"),
            "blur": ("Channel_Knob", "none"),
            "filter": ("Enumeration_Knob", "cubic", FILTERS),
            "premultiplied": ("Boolean_Knob", False),
        },
    ),
    "Merge2": (
        3,
        {
            "operation": ("Enumeration_Knob", "over", OPERATIONS),
            "Achannels": ("Channel_Knob", "rgba"),
            "Bchannels": ("Channel_Knob", "rgba"),
            "output": ("Channel_Knob", "rgba"),
            "bbox": ("Enumeration_Knob", "union", ["union", "intersection", "A", "B"]),
            "mix": ("Array_Knob", 1.0),
        },
    ),
    "MergeExpression": (
        3,
        {
            **{f"expr{n}": ("EvalString_Knob", "") for n in range(4)},
            **{
                f"channel{n}": ("ChannelMask_Knob", f"rgba.{name}")
                for n, name in enumerate(("red", "green", "blue", "alpha"))
            },
        },
    ),
    "Expression": (
        2,
        {
            **{f"expr{n}": ("EvalString_Knob", "") for n in range(4)},
            **{
                f"channel{n}": ("ChannelMask_Knob", f"rgba.{name}")
                for n, name in enumerate(("red", "green", "blue", "alpha"))
            },
        },
    ),
    "Switch": (2, {"which": ("Int_Knob", 0)}),
    "BackdropNode": (0, {"bdwidth": ("Int_Knob", 80), "bdheight": ("Int_Knob", 80)}),
}
#: Knobs that a Write has once it knows its kind of file.
OF_EXR = {
    "datatype": ("Enumeration_Knob", "16 bit half", ["16 bit half", "32 bit float"]),
    "compression": ("Enumeration_Knob", "Zip (1 scanline)", ["none", "Zip (1 scanline)"]),
}


class Knob:
    """One knob; the constructors of user knobs have the same form."""

    kind = "Knob"

    def __init__(self, name: str, label: str = "", value: Any = None) -> None:
        self._name, self._label = name, label
        self._value = "" if value is None else value
        self._choices: list[str] | None = None
        self._node: Node | None = None

    def Class(self) -> str:
        main_only()
        return self.kind

    def name(self) -> str:
        main_only()
        return self._name

    def label(self) -> str:
        main_only()
        return self._label

    def value(self) -> Any:
        main_only()
        if self.kind == "File_Knob":
            return re.sub(r"#+", lambda m: f"%0{len(m.group())}d", self._value)
        return self._value

    getValue = value

    def setValue(self, value: Any) -> bool:
        main_only()
        value = self._checked(value)
        if self._node is not None:
            self._node._host._changing()
            if self._name == "name":
                self._node.setName(value)
                return True
        self._value = value
        if self._node is not None and self._name == "file_type" and value == "exr":
            self._node._add(OF_EXR)
        return True

    def execute(self) -> None:
        main_only()
        if self.kind != "PyScript_Knob":
            raise AttributeError("only a button can be executed")
        assert self._node is not None
        if self._node._class == "Read" and self._name == "reload":
            self._node.reloads += 1
        elif self._value:
            host = self._node._host
            host._this = self._node
            try:
                host._run(self._value)
            finally:
                host._this = None

    def values(self) -> list[str]:
        main_only()
        return list(self._choices or [])

    def _checked(self, value: Any) -> Any:
        kind = self.kind
        if kind == "Enumeration_Knob":
            if isinstance(value, int) and self._choices is not None:
                return self._choices[value]
            if value not in (self._choices or []):
                raise TypeError(f"{value!r} is none of the choices of {self._name}")
            return value
        if kind in ("Boolean_Knob", "Disable_Knob"):
            return bool(value)
        if kind in ("Int_Knob", "ColorChip_Knob"):
            if not isinstance(value, int | float):
                raise TypeError(f"{self._name} takes a number, not {value!r}")
            return int(value)
        if kind in ("Array_Knob", "AColor_Knob"):
            if not isinstance(value, int | float):
                raise TypeError(f"{self._name} takes a number, not {value!r}")
            return float(value)
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes a text, not {value!r}")
        return value


def knob_class(kind: str) -> type[Knob]:
    """A class of knobs of that name."""
    return type(kind, (Knob,), {"kind": kind})


class Node:
    """A node; made by ``nuke.nodes.X()`` or ``nuke.createNode``."""

    def __init__(self, host: "FakeNuke", kind: str, name: str) -> None:
        self._host, self._class = host, kind
        self._knobs: dict[str, Knob] = {}
        self._inputs: dict[int, Node] = {}
        self.reloads = 0
        self.paint: Any = None
        self._add(COMMON)
        self._add(CLASSES[kind][1] if kind in CLASSES else {})
        self._knobs["name"]._value = name

    def _add(self, described: dict[str, tuple[Any, ...]]) -> None:
        for name, (kind, value, *choices) in described.items():
            knob = knob_class(kind)(name, "", value)
            knob._choices = choices[0] if choices else None
            knob._node = self
            self._knobs.setdefault(name, knob)

    def Class(self) -> str:
        main_only()
        return self._class

    def name(self) -> str:
        main_only()
        return str(self._knobs["name"]._value)

    fullName = name

    def setName(self, name: str, uncollide: bool = True) -> None:
        main_only()
        self._host._changing()
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            raise ValueError(f"{name!r} is no name for a node")
        taken = {n.name() for n in self._host._graph if n is not self}
        found, count = name, 0
        while found in taken:
            if not uncollide:
                raise ValueError(f"name {name!r} is taken")
            count += 1
            found = f"{name.rstrip('0123456789')}{count}"
        self._knobs["name"]._value = found

    def __getitem__(self, name: str) -> Knob:
        main_only()
        if name not in self._knobs:
            raise NameError(f"knob {name} does not exist")
        return self._knobs[name]

    def knob(self, name: str) -> Knob | None:
        main_only()
        return self._knobs.get(name)

    def knobs(self) -> dict[str, Knob]:
        main_only()
        return dict(self._knobs)

    def addKnob(self, knob: Knob) -> None:
        main_only()
        self._host._changing()
        knob._node = self
        self._knobs[knob._name] = knob

    def input(self, index: int) -> "Node | None":
        main_only()
        return self._inputs.get(index)

    def inputs(self) -> int:
        main_only()
        return max(self._inputs, default=-1) + 1

    def setInput(self, index: int, node: "Node | None") -> bool:
        main_only()
        self._host._changing()
        if index >= CLASSES[self._class][0]:
            return False
        if node is None:
            self._inputs.pop(index, None)
        else:
            self._inputs[index] = node
        return True

    def setXYpos(self, x: int, y: int) -> None:
        main_only()
        self._host._changing()
        if not (isinstance(x, int) and isinstance(y, int)):
            raise TypeError("positions are whole numbers")
        self._knobs["xpos"]._value, self._knobs["ypos"]._value = x, y

    def xpos(self) -> int:
        main_only()
        return int(self._knobs["xpos"]._value)

    def ypos(self) -> int:
        main_only()
        return int(self._knobs["ypos"]._value)

    def setSelected(self, selected: bool) -> None:
        main_only()
        self._knobs["selected"]._value = bool(selected)

    def firstFrame(self) -> int:
        main_only()
        if self._class == "Read":
            return int(self._knobs["first"]._value)
        above = self._inputs.get(0)
        return self._host.root().firstFrame() if above is None else above.firstFrame()

    def lastFrame(self) -> int:
        main_only()
        if self._class == "Read":
            return int(self._knobs["last"]._value)
        above = self._inputs.get(0)
        return self._host.root().lastFrame() if above is None else above.lastFrame()


class Root:
    """The script's settings."""

    def __init__(self) -> None:
        self._knobs = {
            "name": knob_class("File_Knob")("name"),
            "proxy": knob_class("Boolean_Knob")("proxy", "", False),
            "colorManagement": Knob("colorManagement", "", "Nuke"),
            "first_frame": knob_class("Int_Knob")("first_frame", "", 1),
            "last_frame": knob_class("Int_Knob")("last_frame", "", 100),
        }

    def __getitem__(self, name: str) -> Knob:
        main_only()
        return self._knobs[name]

    def name(self) -> str:
        main_only()
        return str(self._knobs["name"]._value) or "Root"

    def firstFrame(self) -> int:
        main_only()
        return int(self._knobs["first_frame"]._value)

    def lastFrame(self) -> int:
        main_only()
        return int(self._knobs["last_frame"]._value)


class Undo:
    """Steps of undo, as pictures of the whole graph."""

    host: "FakeNuke"

    @classmethod
    def begin(cls, name: str | None = None) -> None:
        main_only()
        host = cls.host
        host._depth += 1
        if host._depth == 1:
            host._step = (host._picture(), name or "")

    @classmethod
    def name(cls, name: str) -> None:
        main_only()
        if cls.host._step is not None:
            cls.host._step = (cls.host._step[0], name)

    @classmethod
    def end(cls) -> None:
        main_only()
        host = cls.host
        host._depth -= 1
        if host._depth == 0 and host._step is not None:
            if not host._disabled:
                host._undo.append(host._step)
            host._step = None

    @classmethod
    def cancel(cls) -> None:
        main_only()
        host = cls.host
        host._depth = 0
        if host._step is not None:
            host._restore(host._step[0])
            host._step = None

    @classmethod
    def undo(cls) -> None:
        main_only()
        cls.host._restore(cls.host._undo.pop()[0])

    @classmethod
    def undoSize(cls) -> int:
        main_only()
        return len(cls.host._undo)

    @classmethod
    def undoDescribe(cls, index: int = 0) -> str:
        main_only()
        return cls.host._undo[-1 - index][1]

    @classmethod
    def disable(cls) -> None:
        main_only()
        cls.host._disabled += 1

    @classmethod
    def enable(cls) -> None:
        main_only()
        cls.host._disabled -= 1

    @classmethod
    def disabled(cls) -> bool:
        return cls.host._disabled > 0


class ProgressTask:
    """A progress bar."""

    every: ClassVar[list["ProgressTask"]] = []

    def __init__(self, name: str) -> None:
        main_only()
        self.title, self.cancelled = name, False
        self.seen: list[tuple[int, str]] = []
        self._message = ""
        ProgressTask.every.append(self)

    def setProgress(self, percent: int) -> None:
        if not isinstance(percent, int):
            raise TypeError("setProgress takes a whole number")
        self.seen.append((percent, self._message))

    def setMessage(self, text: str) -> None:
        self._message = text

    def isCancelled(self) -> bool:
        return self.cancelled


class Panel:
    """A simple dialog; a test says what the person answers."""

    answers: ClassVar[dict[str, Any] | None] = {}

    def __init__(self, title: str) -> None:
        main_only()
        self.title, self._values = title, {}

    def addFilenameSearch(self, label: str, value: str) -> bool:
        self._values[label] = value
        return True

    addSingleLineInput = addFilenameSearch

    def addEnumerationPulldown(self, label: str, choices: str) -> bool:
        self._values[label] = choices.split()[0]
        return True

    def show(self) -> int:
        main_only()
        if Panel.answers is None:
            return 0
        for label in self._values:
            for part, value in Panel.answers.items():
                if part in label:
                    self._values[label] = value
        return 1

    def value(self, label: str) -> Any:
        return self._values[label]


class Menu:
    """A menu, or the toolbar."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.entries: dict[str, tuple[Any, str, int | None]] = {}
        self.menus: dict[str, Menu] = {}

    def addMenu(self, name: str, icon: str = "") -> "Menu":
        main_only()
        return self.menus.setdefault(name, Menu(name))

    def addCommand(
        self,
        name: str,
        command: Any = None,
        shortcut: str = "",
        icon: str = "",
        shortcutContext: int | None = None,
    ) -> None:
        main_only()
        self.entries[name] = (command, shortcut, shortcutContext)


class _Nodes:
    def __init__(self, host: "FakeNuke") -> None:
        self._host = host

    def __getattr__(self, kind: str) -> Callable[..., Node]:
        if kind.startswith("_") or kind not in CLASSES:
            raise AttributeError(f"there is no node {kind}")

        def make(inputs: Any = (), **knobs: Any) -> Node:
            return self._host._make(kind, inputs, knobs)

        return make


class FakeNuke(types.ModuleType):
    """The module ``nuke``."""

    NUKE_VERSION_STRING = "15.1v3"

    def __init__(self, renderer: Callable[..., Any] | None = None) -> None:
        super().__init__("nuke")
        self.GUI = True
        self.messages: list[str] = []
        self.printed: list[str] = []
        self.asked: list[str] = []
        self.yes = True
        self.file_name: str | None = None
        self.nodes = _Nodes(self)
        self.closers: list[Callable[[], None]] = []
        self.menus = {"Nuke": Menu("Nuke"), "Nodes": Menu("Nodes")}
        self.rendered: list[tuple[str, int, int]] = []
        self._renderer = renderer
        self._root = Root()
        self._graph: list[Node] = []
        self._queue: queue.Queue[Any] = queue.Queue()
        self._undo: list[tuple[Any, str]] = []
        self._step: tuple[Any, str] | None = None
        self._depth = self._disabled = 0
        self._this: Node | None = None
        for kind in ("String_Knob", "Tab_Knob", "PyScript_Knob", "File_Knob", "Text_Knob"):
            setattr(self, kind, knob_class(kind))
        self.Undo = type("Undo", (Undo,), {"host": self})
        self.ProgressTask, self.Panel, self.Node = ProgressTask, Panel, Node
        ProgressTask.every = []
        Panel.answers = {}

    # Threads.

    def executeInMainThread(self, call: Any, args: Any = (), kwargs: Any = None) -> None:
        args = args if isinstance(args, tuple) else (args,)
        self._queue.put((call, args, kwargs or {}, None))

    def executeInMainThreadWithResult(self, call: Any, args: Any = (), kwargs: Any = None) -> Any:
        if threading.current_thread() is MAIN:
            raise AssertionError("this would wait for ever: it is called from the main thread")
        args = args if isinstance(args, tuple) else (args,)
        over = threading.Event()
        kept: list[Any] = []
        self._queue.put((call, args, kwargs or {}, (over, kept)))
        over.wait()
        return kept[0] if kept else None

    def pump(self, seconds: float = 0.05) -> None:
        """The main loop: runs what other threads asked for."""
        main_only()
        try:
            call, args, kwargs, told = self._queue.get(timeout=seconds)
        except queue.Empty:
            return
        try:
            result = call(*args, **kwargs)
            if told is not None:
                told[1].append(result)
        except Exception:  # noqa: BLE001 - as the real one does
            # Printed, and lost for who waits.
            self.printed.append(traceback.format_exc())
        finally:
            if told is not None:
                told[0].set()

    # The script.

    def root(self) -> Root:
        main_only()
        return self._root

    def allNodes(self, filter: str | None = None) -> list[Node]:
        main_only()
        return [node for node in self._graph if filter is None or node._class == filter]

    def toNode(self, name: str) -> Node | None:
        main_only()
        return next((node for node in self._graph if node.name() == name), None)

    def thisNode(self) -> Node:
        main_only()
        if self._this is None:
            raise ValueError("no node")
        return self._this

    def selectedNodes(self) -> list[Node]:
        main_only()
        return [node for node in self._graph if node._knobs["selected"]._value]

    def selectedNode(self) -> Node:
        nodes = self.selectedNodes()
        if not nodes:
            raise ValueError("no node selected")
        return nodes[-1]

    def createNode(self, kind: str, knobs: str = "", inpanel: bool = True) -> Node:
        selected = self.selectedNodes()
        node = self._make(kind, selected[-1:], {})
        for each in selected:
            each.setSelected(False)
        node.setSelected(True)
        return node

    def delete(self, node: Node) -> None:
        main_only()
        self._changing()
        if node not in self._graph:
            raise ValueError("A PythonObject is not attached to a node")
        self._graph.remove(node)
        for other in self._graph:
            other._inputs = {n: each for n, each in other._inputs.items() if each is not node}

    def filename(self, node: Node, i: int = 0) -> str | None:
        main_only()
        if node.knob("file") is None:
            return None
        proxy = node.knob("proxy")
        if self._root["proxy"].value() and proxy is not None and proxy.value():
            return str(proxy.value())
        return str(node["file"].value()) or None

    def execute(self, node: Node, start: int, end: int, incr: int = 1) -> None:
        main_only()
        if node._class != "Write":
            raise RuntimeError(f"{node.name()} cannot be executed")
        if self._renderer is None:
            raise RuntimeError("no renderer")
        self._renderer(node, start, end)
        self.rendered.append((node["file"].value(), start, end))

    # The person.

    def message(self, text: str) -> None:
        main_only()
        self.messages.append(text)

    def ask(self, text: str) -> bool:
        main_only()
        self.asked.append(text)
        return self.yes

    def getFilename(self, title: str, pattern: str = "", default: str = "") -> str | None:
        main_only()
        return self.file_name

    def tprint(self, text: str) -> None:
        self.printed.append(text)

    def menu(self, name: str) -> Menu:
        main_only()
        return self.menus[name]

    def addOnScriptClose(self, call: Any) -> None:
        self.closers.append(call)

    # Inside.

    def _run(self, text: str) -> None:
        """A button's text, as far as ours go: ``import MODULE; MODULE.FUNCTION()``."""
        found = re.fullmatch(r"import ([\w.]+); \1\.(\w+)\(\)", text)
        if found is None:
            raise SyntaxError(text)
        getattr(sys.modules[found.group(1)], found.group(2))()

    def _make(self, kind: str, inputs: Any, knobs: dict[str, Any]) -> Node:
        main_only()
        self._changing()
        node = Node(self, kind, "")
        self._graph.append(node)
        node.setName(f"{kind}1")
        for index, source in enumerate(inputs):
            node.setInput(index, source)
        for name, value in knobs.items():
            node[name].setValue(value)
        return node

    def _changing(self) -> None:
        """Before any change: outside a group it is a step of undo by itself."""
        if self._depth == 0 and not self._disabled:
            self._undo.append((self._picture(), ""))

    def _picture(self) -> Any:
        return [
            (
                node,
                {name: copy.copy(knob) for name, knob in node._knobs.items()},
                dict(node._inputs),
            )
            for node in self._graph
        ]

    def _restore(self, picture: Any) -> None:
        self._graph = [node for node, _, _ in picture]
        for node, knobs, inputs in picture:
            node._knobs, node._inputs = dict(knobs), dict(inputs)


class FakePanels(types.ModuleType):
    """``nukescripts.panels``: keeps what is registered; ``restore`` makes a widget by its name."""

    def __init__(self) -> None:
        super().__init__("nukescripts.panels")
        self.registered: dict[str, tuple[str, str]] = {}

    def registerWidgetAsPanel(self, widget: str, name: str, id: str, create: bool = False) -> None:
        main_only()
        if not isinstance(widget, str):
            raise TypeError("the class is given by its name")
        self.registered[id] = (widget, name)

    def restore(self, id: str) -> Any:
        module, _, name = self.registered[id][0].rpartition(".")
        return getattr(sys.modules[module], name)()


def modules(renderer: Callable[..., Any] | None = None) -> dict[str, types.ModuleType]:
    """What to put into ``sys.modules``."""
    scripts = types.ModuleType("nukescripts")
    panels = FakePanels()
    scripts.panels = panels
    return {"nuke": FakeNuke(renderer), "nukescripts": scripts, "nukescripts.panels": panels}
