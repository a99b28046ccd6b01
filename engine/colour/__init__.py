"""Colour: OpenColorIO for files, and the perceptual encoding that the fit works in."""
