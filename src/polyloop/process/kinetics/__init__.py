"""Kinetics of radical copolymerisation: composition, drift, sequences, rates, reactors."""
