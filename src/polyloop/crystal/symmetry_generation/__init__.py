"""Structures of a composition from space groups and Wyckoff positions, where no known structure has its ratio."""
