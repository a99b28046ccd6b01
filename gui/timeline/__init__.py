"""The timeline: frames, playback, and what is really cached."""
