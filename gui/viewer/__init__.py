"""The viewers: pictures on the screen, colour, compare, sampler, overlays."""
