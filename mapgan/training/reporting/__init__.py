"""The log of a run: metrics, snapshots, animation, and failure modes."""
