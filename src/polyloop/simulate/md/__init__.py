"""Molecular dynamics: from a repeat unit to a cell, through the stages of a protocol, to estimates with error bars."""
