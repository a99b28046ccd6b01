"""A field on another version of its plate: regraded, denoised, at another size, with handles."""
