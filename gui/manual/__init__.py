"""Pictures of the editor at work, for the manual, and the hands that work it."""
