"""Sampling through a field: canonical to frame, frame to canonical, ST maps, tracks."""
