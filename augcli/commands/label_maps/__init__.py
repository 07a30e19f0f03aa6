"""Pixel maps of a whole annotation file, and an annotation file of a folder of pixel maps."""
