"""resize: kept pictures to one size, split into training part and hold-out."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import explained
from mapgan.params import load_params

with explained():
    params = load_params()
    raw, pruned, maps = Path("data/raw"), Path("data/pruned"), Path("data/maps")
    cache, workers = Path(".mapgan/cache"), params.machine.workers
    print(stages.resize(params.dataset, params.resize, raw, pruned, maps, cache, workers))
