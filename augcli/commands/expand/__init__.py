"""The main job: a data set and its copies, written by worker processes."""
