"""Showing pictures through the graphics processor, where there is one."""
