"""Radical copolymerisation: reactivity ratios, kinetics, reactors. Known to the other rooms by the registry alone."""
