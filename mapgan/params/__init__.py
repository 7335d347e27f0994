"""`params.yaml` as typed, validated sections. Importing this loads neither torch nor PIL."""

from mapgan.params.collecting import DatasetSettings, Demo, Folder, Gallery, Prune, Resize, Scrape
from mapgan.params.exporting import Export
from mapgan.params.machine import Machine
from mapgan.params.networks import Dcgan, DcganModern, Mapmaker, Mlp, NetworkName, Networks
from mapgan.params.reading import load, load_params
from mapgan.params.root import Params
from mapgan.params.training import Evaluate, Sample, Train

__all__ = [
    "DatasetSettings",
    "Dcgan",
    "DcganModern",
    "Demo",
    "Evaluate",
    "Export",
    "Folder",
    "Gallery",
    "Machine",
    "Mapmaker",
    "Mlp",
    "NetworkName",
    "Networks",
    "Params",
    "Prune",
    "Resize",
    "Sample",
    "Scrape",
    "Train",
    "load",
    "load_params",
]
