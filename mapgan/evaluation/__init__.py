"""Numbers that say how good the images are."""
