"""Reactivity ratios: measured ones, by the Q-e scheme, and predicted from the structures of both monomers."""
