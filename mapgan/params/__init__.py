"""`params.yaml` as typed, validated sections. Importing this loads neither torch nor PIL."""

from mapgan.params.collecting import DatasetSettings, Demo, Folder, Gallery, Prune, Resize, Scrape
from mapgan.params.drawing import Sample
from mapgan.params.exploring import Explore, Pick, Project, Walk
from mapgan.params.exporting import Export
from mapgan.params.machine import Machine
from mapgan.params.networks import Dcgan, DcganModern, Mapmaker, Mlp, NetworkName, Networks
from mapgan.params.reading import load, load_params
from mapgan.params.root import Params
from mapgan.params.training import Evaluate, Train

__all__ = [
    "DatasetSettings",
    "Dcgan",
    "DcganModern",
    "Demo",
    "Evaluate",
    "Explore",
    "Export",
    "Folder",
    "Gallery",
    "Machine",
    "Mapmaker",
    "Mlp",
    "NetworkName",
    "Networks",
    "Params",
    "Pick",
    "Project",
    "Prune",
    "Resize",
    "Sample",
    "Scrape",
    "Train",
    "Walk",
    "load",
    "load_params",
]
