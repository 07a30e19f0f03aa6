"""Images with masks: folders, suffixes, patterns, class folders, and images alone."""
