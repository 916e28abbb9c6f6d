"""From a recipe to its sample: cells, stages, convergence, progress."""
