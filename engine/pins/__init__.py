"""Corrections by hand: this point of the still is here in that frame."""
