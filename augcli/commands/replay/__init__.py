"""One pair of a finished output, made again."""
