"""The campaign file: its tables, its checks, the lines that errors name."""
