"""The desktop editor (PySide6). It talks to the graph and never imports torch, numba or OpenCV."""
