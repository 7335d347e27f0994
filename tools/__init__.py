"""Scripts that are not installed: `python -m tools.NAME` from the root of the repository."""
