"""Why the graphics processor is not used."""


class GpuError(Exception):
    """One sentence: pictures are shown by the processor instead."""
