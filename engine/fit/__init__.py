"""Fitting: from frames, flow and masks to a field."""
