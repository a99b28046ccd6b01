"""The way to other paint programs and back."""
