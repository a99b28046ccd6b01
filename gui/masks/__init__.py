"""The mask tool: rectangles, scribbles and shapes drawn over the frames."""
