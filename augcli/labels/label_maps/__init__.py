"""Pixel maps: label spaces, drawing annotations into labels, and finding the regions of labels again."""
