"""Pictures in and out: sequences, movies, windows, channels, atomic writes."""
