"""The page that every node has: its label, whether it runs, what it is."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from codef_nodes.graph.clones import with_clones
from codef_nodes.graph.commands import SetDisabled, SetLabel
from codef_nodes.graph.flags import KEEP, SetFlag, flag
from codef_nodes.graph.registry import UnknownNode
from gui.core.project import Project
from gui.properties.dim import LABELS, dim_label
from gui.properties.quiet import TextArea


class NodePage(QWidget):
    """Label and note, disable, and a few facts.

    Args:
        project: The document.
        node: Name of the node.
        parent: The panel.
    """

    def __init__(self, project: Project, node: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project, self._node = project, node
        self.note = TextArea(4)
        self.note.setPlaceholderText("A note that is shown on the node")
        self.disabled = QCheckBox("Disable")
        self.kept = QCheckBox("Keep on disk")
        self.facts = dim_label("")
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 8, 8, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        grid.setColumnMinimumWidth(0, LABELS)
        grid.setRowStretch(4, 1)
        grid.addWidget(QLabel("Note"), 0, 0, top)
        grid.addWidget(self.note, 0, 1)
        grid.addWidget(self.disabled, 1, 1)
        grid.addWidget(self.kept, 2, 1)
        grid.addWidget(self.facts, 3, 1)
        self.disabled.setToolTip("The main input passes through as if the node were not there.")
        self.kept.setToolTip(
            "Its pictures stay in the disk cache: nothing above is computed for "
            "them, in the next session either."
        )
        self.kept.setVisible(project.document.node_class(node).output == "image")
        self.note.typed.connect(self._noted)
        self.disabled.clicked.connect(self._clicked)
        self.kept.clicked.connect(self._keep)
        self.refresh()

    def refresh(self) -> None:
        """Shows what the document holds."""
        document = self._project.document
        state, cls = document.state(self._node), document.node_class(self._node)
        self.note.show_text(state.label)
        self.disabled.setChecked(state.disabled)
        self.kept.setChecked(bool(flag(document, self._node, KEEP)))
        wired = [f"{port}: {', '.join(document.wires(self._node, port))}" for port in state.inputs]
        facts = [f"{state.type}, version {state.version}"]
        clones = with_clones(document, self._node)[1:]
        if clones:
            facts.append(f"clone of {', '.join(clones)}: they share their knobs")
        if cls is UnknownNode:
            facts = [f"{state.type}: this version of the program does not know such a node"]
        self.facts.setText("\n".join(facts + wired))

    def _noted(self, text: str) -> None:
        if self._node in self._project.document:
            self._project.do(SetLabel(self._node, text.strip("\n")))

    def _keep(self, on: bool) -> None:
        self._project.do(SetFlag(self._node, KEEP, True if on else None))

    def _clicked(self, on: bool) -> None:
        self._project.do(SetDisabled(self._node, bool(on)))
