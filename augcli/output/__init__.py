"""The output folder: staged, journaled, resumed, published, and read again."""
