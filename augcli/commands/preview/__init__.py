"""A sheet of sources and their copies, or of the steps to them."""
