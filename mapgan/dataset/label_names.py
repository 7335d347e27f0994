"""Names of labels: printable, and short enough for a caption."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

MAX_LENGTH = 100


def clean_label(text: str) -> str:
    """The name of a label from a folder, a file or a keyboard; empty if no character of it is printable.

    It is normalized (NFC), because keyboards and file systems encode the same name differently.
    """
    printable = "".join(character for character in text if character.isprintable())
    return unicodedata.normalize("NFC", printable.strip())[:MAX_LENGTH].strip()


def check_label_names(names: Sequence[str]) -> Sequence[str]:
    """Return `names`.

    Raises:
        ValueError: two are equal, or one is empty, too long or not printable.
    """
    if len(set(names)) < len(names):
        raise ValueError("two labels with the same name")
    if not all(name and name.isprintable() and len(name) <= MAX_LENGTH for name in names):
        raise ValueError(f"a label without a name of 1 to {MAX_LENGTH} printable characters")
    return names
