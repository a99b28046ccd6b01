"""Pins in the viewers: handles to drag, and their list in the panel."""
