"""Points to follow, placed by hand in the frame viewer."""
