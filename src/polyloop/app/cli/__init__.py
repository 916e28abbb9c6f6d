"""The command line, thin: it reads arguments, calls the library and shows what comes back."""
