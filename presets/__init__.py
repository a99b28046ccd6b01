"""Data only: fit recipes, node presets and example graphs."""
