"""The training loop: `objective` decides the weights, `run` is the loop around it, `state` what is kept of it."""
