"""Tests in real hosts; see ``python -m tests.hosts``."""
