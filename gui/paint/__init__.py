"""Painting: the tools on the canvas, their bar, the list of strokes, colours, the journal."""
