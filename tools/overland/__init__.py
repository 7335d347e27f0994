"""Overland maps: `terrain` decides what is in each square, `painting` and `stamps` how it looks."""
