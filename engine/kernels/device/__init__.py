"""The passes of a seeded fit in plain torch, on any device: what every kernel must agree with."""
