"""Ready-made sets beside maps: digits, clothes, faces, or any file of small images.

They need no scraping and no pruning: resize makes the training set directly from them.
"""

from mapgan.sets.finding import files_of, find_set, set_files
from mapgan.sets.packing import Counts, pack
from mapgan.sets.parts import Part, ReadySet

__all__ = ["Counts", "Part", "ReadySet", "files_of", "find_set", "pack", "set_files"]
