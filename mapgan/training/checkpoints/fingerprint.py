"""What a run is: settings, data and code, without what only changes its speed or its length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mapgan
from mapgan import files
from mapgan.params import Params
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.checkpoints.finetune import digests

Parts = dict[str, Any]

# code that decides the weights; all other code can change while a run goes on
DECIDES = ("networks", "rng.py", "training/objective", "training/prepare.py", "training/checkpoints/finetune.py")
ROLLS_BACK = ("training/roll_back.py", "training/reporting/trouble.py", "sampling/diversity.py")


def run_parts(params: Params, data: str) -> Parts:
    """Everything that the weights depend on, by name; `data` is the training set's digest."""
    train = params.train
    unseen = set() if train.watch.policy == "roll-back" else {"watch"}  # a warning leaves the weights alone
    settings = train.model_dump(exclude={"steps", "networks", "init_from", "continue_from"} | unseen)
    network = train.networks.of(train.network).model_dump()
    package = Path(mapgan.__file__).parent
    rolls_back = train.watch.policy == "roll-back"
    code = files.sha256_tree(package / name for name in (*DECIDES, *(ROLLS_BACK if rolls_back else ())))
    parts = {
        "seed": params.seed,
        **{f"train.{name}": value for name, value in settings.items()},
        **{f"train.networks.{train.network}.{name}": value for name, value in network.items()},
        "train.init_from": digests(train),  # what the files hold and not where they lie
        "images": data,
        "code": code,
    }
    return parts | (_continued(parts, Path(train.continue_from)) if train.continue_from else {})


def _continued(parts: Parts, named: Path) -> Parts:
    """The digest of the state that `train.continue_from` names.

    A folder may hold this run's own states too, once it has begun: then it is still the digest of the state that the
    run went on from, so that it finds its own states when it is killed and started again.
    """
    path = checkpoints.find_checkpoint(named)
    own = {"train.continue_from": str(checkpoints.read_metadata(path).get("origin", ""))}
    if fingerprint(parts | own) == path.parent.name:
        return own
    return {"train.continue_from": files.sha256_file(path)}


def fingerprint(parts: Parts) -> str:
    """Sixteen hex digits that stand for the run."""
    return files.sha256_bytes(files.canonical_json(parts).encode())[:16]


def differences(old: Parts, new: Parts) -> str:
    """Which parts differ, in words: `train.batch_size 32 -> 8, code`."""
    words = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before != after:
            words.append(name if name in {"images", "code"} else f"{name} {before} -> {after}")
    return ", ".join(words)
