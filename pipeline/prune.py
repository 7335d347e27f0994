"""prune: which pictures to keep, with a page that shows why."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import explained
from mapgan.params import load_params

with explained():
    params = load_params()
    workers, dataset = params.machine.workers, params.dataset.name
    print(stages.prune(params.prune, Path("data/raw"), Path("data/pruned"), workers, dataset))
