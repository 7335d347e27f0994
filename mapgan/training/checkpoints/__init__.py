"""Checkpoints, resuming and continuing, and the files that a run leaves behind."""
