"""`polyloop design ...`: candidates that are made, instead of read."""
