"""Deformation fields and canonical images: what a fit is made of, and its folder on disk."""
