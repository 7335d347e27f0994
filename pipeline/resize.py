"""resize: brings the kept images to one size and splits them into training images and hold-out."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params

with exit_on_error():
    params = load_params()
    raw, pruned, maps = Path("data/raw"), Path("data/pruned"), Path("data/maps")
    print(stages.resize(params.dataset, params.resize, raw, pruned, maps, Path(".mapgan/cache"), params.machine))
