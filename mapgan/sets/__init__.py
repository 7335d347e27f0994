"""Ready-made sets of images other than maps: digits, clothes, faces, or any file of small images.

They need no scraping and no pruning: the resize stage makes the training set straight from them.
"""

from mapgan.sets.finding import files_of, find_set, set_files
from mapgan.sets.packing import Counts, pack
from mapgan.sets.splits import ReadySet, Split

__all__ = ["Counts", "ReadySet", "Split", "files_of", "find_set", "pack", "set_files"]
