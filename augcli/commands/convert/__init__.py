"""Pipelines that albumentations saved, as recipes."""
