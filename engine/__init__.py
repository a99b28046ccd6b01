"""The numbers: fields, fitting, flow, warping, colour, picture files, metrics.

Arrays in, arrays out. Nothing here knows a node or a window.
"""
