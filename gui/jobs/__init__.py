"""The queue of renders and fits, and the pane that shows it."""
