"""The node graph: a view of the document that is rebuilt from it, and the gestures that edit it."""
