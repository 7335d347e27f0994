"""scrape: collects images from a source into data/raw."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params

with exit_on_error():
    params = load_params()
    print(stages.scrape(params.scrape, Path("data/raw"), Path(".mapgan/cache"), params.dataset.name))
