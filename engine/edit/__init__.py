"""Carrying an edit of the canonical image (or of one frame) to every frame."""
