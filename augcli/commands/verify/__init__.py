"""Whether a finished output is whole."""
