"""Structures of a composition by substituting elements in known structures of the same ratio."""
