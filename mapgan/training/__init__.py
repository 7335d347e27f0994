"""The training loop: `step` is the objective, `run` the run around it, `state` what is kept of it."""
