"""Numbers that say how good the pictures are."""
