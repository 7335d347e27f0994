"""Training. `run` is the loop, `objective` decides the weights; `checkpoints`, `reporting` and `device` surround it."""
