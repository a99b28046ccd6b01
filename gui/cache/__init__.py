"""The cache manager: finished fits and what can be made again, with sizes."""
