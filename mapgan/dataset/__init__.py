"""The format of a training set: `dataset.json` and `pack.npy` in one folder."""

from mapgan.dataset.dataset import (
    DESCRIPTION,
    PACK,
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

__all__ = [
    "DESCRIPTION",
    "PACK",
    "Dataset",
    "Entry",
    "Labels",
    "Pixels",
    "count_labels",
    "file_signature",
    "is_dataset",
    "open_dataset",
    "write_dataset",
]
