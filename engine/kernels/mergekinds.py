"""Numbers of merge kinds and composites, for all who compute them; see ``engine.edit.kinds``."""

#: Light that is added to both sides of a ratio, and the largest factor on the plate's own life.
FLOOR, MOST = 0.002, 4.0
#: Visible share of a mask from which the plate shows nothing but the layer, and where that begins.
WHOLE, MIXED = 0.9999, 0.997
#: Share of a pixel from which a still counts as known, and the least that colours are divided by.
KNOWN, LEAST = 0.5, 1 / 256
#: Weight below which a pixel of a composite has no content.
EMPTY = 1e-6
