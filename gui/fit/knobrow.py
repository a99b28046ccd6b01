"""Recipe and time of a fit: the two knobs that matter most, beside the buttons."""

from typing import Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from codef_nodes.graph.commands import SetKnob
from gui import theme
from gui.core.editor import Editor
from gui.fit.parts import dim
from gui.properties.numberfield import NumberField


class KnobRow(QWidget):
    """Shows and sets the knobs ``recipe`` and ``seconds`` of a fit node.

    Attributes:
        recipe: The recipe.
        seconds: The time, unless a number of passes is set instead.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._node: str | None = None
        self.recipe = QComboBox()
        self.recipe.setMinimumContentsLength(8)
        self.recipe.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.recipe.setToolTip("How to fit; the finished fit says which recipe its motion suggests")
        self.recipe.activated.connect(lambda _: self._set("recipe", self.recipe.currentText()))
        self.seconds = NumberField(minimum=0.0)
        self.seconds.setFixedWidth(64)
        self.seconds.setToolTip("Time that the fit may take; 0: as long as the recipe wants")
        self.seconds.typed.connect(lambda value: self._set("seconds", value))
        self.seconds.stepping.connect(self._step)
        self.seconds.ended.connect(editor.project.end_gesture)
        self.seconds.reverted.connect(lambda: editor.project.abort_gesture("fit.seconds"))
        self.seconds.refused.connect(editor.say)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP + 2)
        row.addWidget(dim("Recipe"))
        row.addWidget(self.recipe, 1)
        row.addSpacing(theme.GAP)
        self._time = [dim("Time"), self.seconds, dim("s")]
        for part in self._time:
            row.addWidget(part)
        self._steps = dim("")
        self._steps.setToolTip("The knob steps sets a number of passes instead of a time")
        row.addWidget(self._steps)

    def show_node(self, node: str) -> None:
        """Shows the knobs of a node as they are now."""
        self._node = node
        document = self._editor.project.document
        cls = document.node_class(node)
        described = cls.knob("recipe")
        names = list(described.choices) if described is not None else []
        now = str(document.knob_value(node, "recipe")) if described is not None else ""
        if now and now not in names:
            names.append(now)
        if [self.recipe.itemText(i) for i in range(self.recipe.count())] != names:
            self.recipe.clear()
            self.recipe.addItems(names)
        self.recipe.setCurrentText(now)
        if cls.knob("seconds") is None or cls.knob("steps") is None:
            return
        self.seconds.show_value(document.knob_value(node, "seconds"))
        steps = document.knob_value(node, "steps")
        for part in self._time:
            part.setVisible(steps is None)
        self._steps.setVisible(steps is not None)
        self._steps.setText(f"{steps} passes")

    def _step(self, value: Any) -> None:
        """A digit by the arrow keys; a run of them is one step of undo."""
        if self._node is not None:
            self._editor.project.do(SetKnob(self._node, "seconds", value), "fit.seconds")

    def _set(self, knob: str, value: Any) -> None:
        if self._node is not None:
            self._editor.project.do(SetKnob(self._node, knob, value))
