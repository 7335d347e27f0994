"""report: the run on one page."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params
from mapgan.report.folders import run_folders

with exit_on_error():
    params = load_params()
    sections = {
        "seed": params.seed,
        "dataset": params.dataset,
        "prune": params.prune,
        "resize": params.resize,
        "train": params.train,
        "evaluate": params.evaluate,
        "sample": params.sample,
    }
    print(stages.report(sections, run_folders(Path()), Path("results/report.html")))
