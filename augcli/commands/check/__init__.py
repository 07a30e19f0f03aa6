"""What a data set holds, and what of it would fail."""
