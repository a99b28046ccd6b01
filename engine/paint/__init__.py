"""Paint strokes as data, and their pixels."""
