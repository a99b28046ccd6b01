"""Masks that an artist draws, picks or carries through a shot: arrays in, arrays out."""
