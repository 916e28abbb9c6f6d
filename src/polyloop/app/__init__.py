"""Command line, API and web, all thin."""
