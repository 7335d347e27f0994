"""All that decides the weights of a run, and what its fingerprint covers: `step` is the whole objective."""
