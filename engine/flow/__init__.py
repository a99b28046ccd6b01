"""Optical flow between frames: computed, read from files, tested forward and backward, chained."""
