"""Inorganic compositions: their formulas and how they are described. Known to the other rooms by the registry alone."""
