"""Downloads the images that a source has found: shared by all sources on the net."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mapgan import files
from mapgan.collect.addresses import RefusedError, UnavailableError
from mapgan.collect.client import Client
from mapgan.collect.found import FoundImage
from mapgan.collect.groups import group, stem_of
from mapgan.collect.header import read_header
from mapgan.collect.keeping import Gathered
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.picture_check import check_picture
from mapgan.collect.responses import WrongTypeError
from mapgan.collect.source import Source
from mapgan.collect.store import Store, Stored
from mapgan.progress import Bar

GONE = {404, 410}  # for good: the next URL stands for the image from now on
FORBIDDEN = 403  # perhaps not for good: the next URL is taken, but this one is tried again in the next run


def gather(source: Source, client: Client, store: Store, raw: Path, group_pattern: str) -> Gathered:
    """Copy the images of a source into `raw`.

    Raises:
        MapganError: as `source.find` does.
    """
    found = source.find(client)
    print(f"mapgan: {len(found.images)} images found", file=sys.stderr)
    gathered = fetch_images(found.images, client, store, raw, group_pattern)
    return replace(gathered, rows=found.left_out + gathered.rows, cut=found.cut)


def fetch_images(images: Sequence[FoundImage], client: Client, store: Store, raw: Path, group_pattern: str) -> Gathered:
    """Copy images into `raw`, from the store or else from the net; one that fails gets a row with the reason."""
    rows: list[ManifestRow] = []
    answered: set[str] = set()
    new = failed = 0
    with Bar("images", total=len(images)) as bar, store.scratch() as scratch:
        for image in images:
            try:
                stored, downloaded = _fetch_first(image, client, store, scratch)
            except UnavailableError as error:
                failed += 1
                rows.append(image.without_file(str(error), isinstance(error, RefusedError)))
            else:
                new += downloaded
                rows.append(_copy_to_raw(stored, image, group_pattern, raw))
                answered |= set(image.urls)
            bar.advance(note=f"{failed} failed" if failed else None)
    return Gathered(rows, new, frozenset(answered))


def _fetch_first(image: FoundImage, client: Client, store: Store, scratch: Path) -> tuple[Stored, bool]:
    """The image of the first URL that gives one, and whether it was downloaded in this run.

    The next URL is tried only if the image is missing. After other errors it is not: a thumbnail, taken because the
    server was busy with the full image, would make the result differ from run to run.
    """
    errors: list[UnavailableError] = []
    for url in image.urls:
        stored = store.get(url)
        try:
            found = stored or _download(url, image.page, client, store, scratch)
        except UnavailableError as error:
            errors.append(error)
            if error.status not in {*GONE, FORBIDDEN} and not isinstance(error, WrongTypeError):
                break
        else:
            if errors and all(error.status in GONE for error in errors):
                store.note(image.urls[0], found)
            return found, stored is None
    raise errors[0] if errors else UnavailableError("no URL")


def _download(url: str, page: str, client: Client, store: Store, scratch: Path) -> Stored:
    target = scratch / "image"
    try:
        with target.open("w+b") as into:
            client.fetch(url, into, "image", int(client.settings.max_mib * 2**20), page)
        check_picture(target, client.settings.max_megapixels)
        return store.add(url, target)
    finally:
        target.unlink(missing_ok=True)  # the store may hold a link to it


def _copy_to_raw(stored: Stored, image: FoundImage, group_pattern: str, raw: Path) -> ManifestRow:
    header = read_header(stored.path)
    name = f"{stored.digest}.{header.suffix}"
    files.link_or_copy(stored.path, raw / name)
    return ManifestRow(
        file=name,
        url=stored.url,
        page=image.page,
        title=image.title,
        author=image.author,
        licence=image.licence,
        mime=header.mime,
        bytes=stored.path.stat().st_size,
        width=header.width,
        height=header.height,
        group=group(stem_of(stored.url), group_pattern),
    )
