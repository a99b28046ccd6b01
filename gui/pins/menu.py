"""What a right click on a pin offers."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from gui.pins.pinning import Pinning


def open_menu(pinning: Pinning, parent: QWidget, place: QPoint) -> QMenu | None:
    """Opens the menu of the selected pin.

    Args:
        pinning: What both viewers share.
        parent: The canvas.
        place: Where, on the screen.
    """
    pin = pinning.current()
    if pin is None:
        return None
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    title = menu.addAction(str(pin["name"]))
    title.setEnabled(False)
    menu.addSeparator()
    hard = menu.addAction("Hard: met exactly")
    hard.setCheckable(True)
    hard.setChecked(bool(pin.get("hard", True)))
    hard.triggered.connect(pinning.toggle_hard)
    on = menu.addAction("Counts")
    on.setCheckable(True)
    on.setChecked(bool(pin.get("enabled", True)))
    on.triggered.connect(lambda: pinning.put({**pin, "enabled": not pin.get("enabled", True)}))
    holds = menu.addAction("Holds to both ends of the shot")
    holds.setCheckable(True)
    holds.setChecked(pin.get("fade", 12) is None)
    holds.triggered.connect(
        lambda: pinning.put({**pin, "fade": 12 if pin.get("fade", 12) is None else None})
    )
    menu.addSeparator()
    menu.addAction("Larger radius\t]").triggered.connect(lambda: pinning.resize(1))
    menu.addAction("Smaller radius\t[").triggered.connect(lambda: pinning.resize(-1))
    menu.addSeparator()
    key = menu.addAction("Delete the key in this frame")
    key.setEnabled(len(pin["frames"]) > 1)
    key.triggered.connect(pinning.remove_key)
    menu.addAction("Delete the pin\tDel").triggered.connect(pinning.remove)
    menu.popup(place)
    return menu
