"""The window: docks, layouts, menus, dialogs, the guided tour."""
