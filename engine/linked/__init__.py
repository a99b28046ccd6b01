"""Long shots: several fields over overlapping ranges of frames, linked from still to still."""
