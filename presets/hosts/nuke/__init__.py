"""Codef Nodes in Nuke: menus, a status panel, and nothing that starts by itself.

One line in ``menu.py`` (see ``codef install-plugin nuke``) imports this and calls ``register``.
``init.py`` gets nothing, so that render sessions do not pay. All of it is Python 3.7 and the
standard library; the program itself runs in a process of its own.
"""

from __future__ import annotations

PANEL = "org.codefnodes.status"
"""Saved in Nuke's layouts: it must never change."""


def register() -> None:
    """Adds the menu, the entry of the toolbar and the panel; for ``menu.py``."""
    import nuke

    from . import actions

    if not nuke.GUI:
        return
    entries = (
        ("Send to Codef Nodes", actions.send, "alt+shift+c"),
        ("Fit", actions.fit, ""),
        ("Stop the fit and keep it", actions.stop, ""),
        ("Cancel", actions.cancel, ""),
        ("Open in Codef Nodes", actions.open_in_program, ""),
        ("Update from Codef Nodes", actions.update, ""),
        ("Bake to nodes", actions.bake, ""),
    )
    bar = nuke.menu("Nuke").addMenu("Codef Nodes")
    for name, command, shortcut in entries:
        # 2: the shortcut counts in the node graph only, so that it takes no key from anywhere else.
        bar.addCommand(name, command, shortcut, shortcutContext=2)
    tools = nuke.menu("Nodes").addMenu("Codef Nodes")
    for name, command, _ in entries:
        tools.addCommand(name, command)
    _register_panel()
    nuke.addOnScriptClose(actions.close_all)


def _register_panel() -> None:
    import nukescripts

    from . import panel

    # By the name of the class: Nuke makes it anew in each layout that has the panel.
    nukescripts.panels.registerWidgetAsPanel(
        panel.StatusPanel.__module__ + ".StatusPanel", "Codef Nodes", PANEL
    )
