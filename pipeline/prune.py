"""prune: rejects unsuitable images, with a report page."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params

with exit_on_error():
    params = load_params()
    raw, pruned = Path("data/raw"), Path("data/pruned")
    print(stages.prune(params.prune, raw, pruned, params.machine, params.dataset.name))
