"""Everything that decides the weights of a run. Read `step` first: it is the whole objective."""
