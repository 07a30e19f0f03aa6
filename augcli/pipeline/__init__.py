"""From a data set and a recipe to finished pairs: prepare, plan, load, augment, encode."""
