"""Checkpoints: what a run needs to go on, and the files that it leaves."""
