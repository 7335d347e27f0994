"""The fingerprint of a run: the settings, data and code that decide its weights.

Speed and length are not part of it: a run with the same fingerprint resumes from the checkpoints of the one before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mapgan
from mapgan import files
from mapgan.params import Params
from mapgan.training.checkpoints.checkpoint import find_checkpoint, read_metadata
from mapgan.training.checkpoints.finetune import digests

Parts = dict[str, Any]

# code that decides the weights; all other code may change during a run
CODE = ("networks", "rng.py", "training/objective", "training/prepare.py", "training/checkpoints/finetune.py")
ROLL_BACK_CODE = ("training/roll_back.py", "training/reporting/trouble.py", "sampling/diversity.py")


def run_parts(params: Params, data: str) -> Parts:
    """Everything that the weights depend on, by name; `data` is the digest of the training set."""
    train = params.train
    rolls_back = train.watch.policy == "roll-back"
    excluded = {"steps", "networks", "init_from", "continue_from"} | (set() if rolls_back else {"watch"})
    settings = train.model_dump(exclude=excluded)
    network = train.networks.of(train.network).model_dump()
    package = Path(mapgan.__file__).parent
    parts = {
        "seed": params.seed,
        **{f"train.{name}": value for name, value in settings.items()},
        **{f"train.networks.{train.network}.{name}": value for name, value in network.items()},
        "train.init_from": digests(train),  # the content of the files, not their paths
        "data": data,
        "code": files.sha256_tree(package / name for name in (*CODE, *(ROLL_BACK_CODE if rolls_back else ()))),
    }
    return parts | (_continued(parts, Path(train.continue_from)) if train.continue_from else {})


def _continued(parts: Parts, path: Path) -> Parts:
    """The checksum of the checkpoint that `train.continue_from` names.

    The path may be a folder that, once this run has begun, holds its own checkpoints too. Then it is still the checksum
    of the one that the run continued from, so that a killed run finds its own checkpoints again.
    """
    checkpoint = find_checkpoint(path)
    own = {"train.continue_from": str(read_metadata(checkpoint).get("origin", ""))}
    if fingerprint(parts | own) == checkpoint.parent.name:
        return own
    return {"train.continue_from": files.sha256_file(checkpoint)}


def fingerprint(parts: Parts) -> str:
    """16 hex digits that identify the run."""
    return files.sha256_bytes(files.canonical_json(parts).encode())[:16]


def differences(old: Parts, new: Parts) -> str:
    """The parts that differ, as text: `train.batch_size 32 -> 8, code`."""
    texts = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before != after:
            texts.append(name if name in {"data", "code"} else f"{name} {before} -> {after}")
    return ", ".join(texts)
