"""Real public tables, read from a local folder or downloaded with a checksum."""
