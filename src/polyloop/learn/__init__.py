"""Surrogate models and their calibration."""
