"""sample: generates sheets and single images."""

from pathlib import Path

from mapgan import stages
from mapgan.errors import exit_on_error
from mapgan.params import load_params
from mapgan.training.device.device import find_device

with exit_on_error():
    params = load_params()
    generator, results, maps = Path("models/generator.safetensors"), Path("results/samples"), Path("data/maps")
    print(stages.sample(params.sample, generator, results, str(find_device(params.machine)), maps))
