"""The catalogue of image operations."""
