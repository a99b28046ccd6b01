"""The demonstration: a real clip, edited through its canonical image, end to end."""
