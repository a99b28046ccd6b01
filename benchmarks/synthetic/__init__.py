"""Clips whose motion, layers and light are known exactly: ``python -m benchmarks.synthetic``."""
