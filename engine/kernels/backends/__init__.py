"""The operations that fields are made of, and who computes them where; see ``choose``."""
