"""Programs that do quantum chemistry."""
