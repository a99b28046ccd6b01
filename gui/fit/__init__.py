"""The fit pane: start, pause and stop a fit, and watch it get better."""
