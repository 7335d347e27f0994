"""What a label may be called: it stands in one line of a terminal, under images, and is asked for by its name."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

LONGEST = 100


def clean_label(text: str) -> str:
    """What a label is called that comes from a folder, a file or a keyboard; empty if nothing can be shown of it.

    In one Unicode form (NFC), because keyboards and file systems write the same name with other signs.
    """
    shown = "".join(sign for sign in text if sign.isprintable())
    return unicodedata.normalize("NFC", shown.strip())[:LONGEST].strip()


def check_label_names(names: Sequence[str]) -> Sequence[str]:
    """The `names` as they are.

    Raises:
        ValueError: two are the same, or one is empty, too long, or cannot be shown.
    """
    if len(set(names)) < len(names):
        raise ValueError("two labels of one name")
    if not all(name and name.isprintable() and len(name) <= LONGEST for name in names):
        raise ValueError(f"a label without a name of 1 to {LONGEST} printable signs")
    return names
