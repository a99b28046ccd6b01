"""Sizes of the graph in scene units; at zoom 1 they are pixels. No Qt."""

NODE_WIDTH = 128.0
NODE_HEIGHT = 38.0
DOT_SIZE = 14.0
STRIP = 16.0
"""Height of the strip under a node that says its error."""
STUB = 18.0
"""Length of the arrow of an input that nothing is wired to."""
TICK = 7.0
"""The same for an optional input while the node is left alone."""
STAMP = (124.0, 46.0)
"""Most room of the picture above a clip node."""
STEP_X, STEP_Y = 160.0, 90.0
"""Distance of nodes that the program places."""
GRID = 20.0
HEADER = 26.0
"""Height of the title of a backdrop."""
GRIP = 16.0
"""The corner of a backdrop that resizes it."""
SMALLEST_BACKDROP = (80.0, 60.0)
MARGIN = 30.0
"""Room that a new backdrop leaves around what it is made for."""

# Below these zooms things are left out.
TEXT_ZOOM = 0.36
CAPTION_ZOOM = 0.62
DETAIL_ZOOM = 0.35
