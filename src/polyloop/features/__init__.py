"""Descriptors as scikit-learn transformers."""
