"""sample: sheets and single pictures."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import explained
from mapgan.params import load_params

with explained():
    params = load_params()
    print(stages.sample(params.sample, Path("models/generator.safetensors"), Path("results/samples")))
