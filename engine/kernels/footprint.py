"""How pictures are read: the filters, and when they are widened to what a step covers."""

FILTERS = ("bilinear", "cubic")
#: Picture pixels per step of the grid up to which a picture is interpolated as it is, and from
#: which the filter is as wide as the step.
ONSET, WHOLE = 1.05, 1.25
#: Widest filter in picture pixels per step.
LONGEST = 16.0
#: Picture pixels that the narrower side of a step covers from which a reduced picture is read.
REDUCED = 4.0
#: How far a filter reaches at most, in picture pixels per picture pixel that a step covers.
REACH = {"bilinear": 1.5, "cubic": 2.9}
#: Picture pixels beyond which nothing of a picture is read; twice that for each halving.
FAR = 48
