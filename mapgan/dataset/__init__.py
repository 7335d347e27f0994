"""The format of a training set: `dataset.json`, `pack.npy` and perhaps `labels.npy` in one folder."""

from mapgan.dataset.dataset import (
    DESCRIPTION,
    PACK,
    WHOLE_MAPS,
    Dataset,
    Entry,
    Labels,
    Pixels,
    count_labels,
    file_signature,
    is_dataset,
    open_dataset,
    write_dataset,
)
from mapgan.dataset.label_maps import LabelMaps

__all__ = [
    "DESCRIPTION",
    "PACK",
    "WHOLE_MAPS",
    "Dataset",
    "Entry",
    "LabelMaps",
    "Labels",
    "Pixels",
    "count_labels",
    "file_signature",
    "is_dataset",
    "open_dataset",
    "write_dataset",
]
