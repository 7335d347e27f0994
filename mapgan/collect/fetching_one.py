"""Gets one image: from the store, or from the first of its addresses that gives it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mapgan import files
from mapgan.collect.addresses import UnavailableError
from mapgan.collect.client import Client, NotHereError
from mapgan.collect.found import FoundImage
from mapgan.collect.groups import group, stem_of
from mapgan.collect.header import Header, read_header
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.picture_check import check_picture, check_size
from mapgan.collect.responses import TransientError, WrongTypeError, too_large
from mapgan.collect.store import Store, Stored

GONE = {404, 410}  # for good: the next URL stands for the image from now on
FORBIDDEN = 403  # perhaps not for good: the next URL is taken, but this one is tried again in the next run


class Got(NamedTuple):
    """An image in the store, its header, and whether it was downloaded in this run."""

    stored: Stored
    header: Header
    new: bool


class FetchingOne:
    """Copies images into `raw`, one at a time; threads may share it.

    Args:
        client: asks the hosts.
        store: what was downloaded before.
        raw: the folder for the images.
        group_pattern: as in the settings.
    """

    def __init__(self, client: Client, store: Store, raw: Path, group_pattern: str) -> None:
        self.client, self.store, self.raw, self.group_pattern = client, store, raw, group_pattern
        self.max_bytes = int(client.settings.max_mib * 2**20)

    def fetch(self, image: FoundImage) -> tuple[ManifestRow, bool]:
        """The row of the manifest, and whether the image was downloaded in this run."""
        try:
            if image.digest and self.store.has(image.digest):
                got = self._known(Stored(image.urls[0], image.digest, self.store.image(image.digest)))
            else:
                got = self._first(image)
        except UnavailableError as error:
            return image.failed(error), False
        if image.digest and got.stored.digest != image.digest:
            reason = f"changed since it was listed: its SHA-256 is {got.stored.digest} now"
            return image.without_file(reason, "drift"), got.new
        return self._copy(got.stored, got.header, image), got.new

    def _first(self, image: FoundImage) -> Got:
        """The image of the first URL that gives one.

        The next URL is tried only if the image is missing. After other errors it is not: a thumbnail, taken because the
        server was busy with the full image, would make the result differ from run to run.
        """
        errors: list[UnavailableError] = []
        for url in image.urls:
            try:
                stored = self.store.get(url)
                got = self._known(stored) if stored else self._download(url, image.page)
            except UnavailableError as error:
                errors.append(error)
                if error.status in {*GONE, FORBIDDEN} or isinstance(error, (WrongTypeError, NotHereError)):
                    continue
                break
            if errors and all(error.status in GONE for error in errors):
                self.store.note(image.urls[0], got.stored)
            return got
        raise errors[0] if errors else UnavailableError("no URL")

    def _known(self, stored: Stored) -> Got:
        """An image of an earlier run, which may have had wider limits.

        Raises:
            UnavailableError: it is larger than those of now.
        """
        if stored.path.stat().st_size > self.max_bytes:
            raise too_large(self.max_bytes)
        header = read_header(stored.path)
        check_size(header.width, header.height, self.client.settings.max_megapixels)
        return Got(stored, header, new=False)

    def _download(self, url: str, page: str) -> Got:
        with self.store.partial(url) as partial:
            try:
                self.client.fetch(url, partial, "image", self.max_bytes, page)
                with partial.open() as content:
                    header = check_picture(content, self.client.settings.max_megapixels)
            except UnavailableError as error:
                if error.status and not isinstance(error, TransientError):  # more bytes would not make it better
                    partial.restart()
                raise
            return Got(self.store.add(url, partial), header, new=True)

    def _copy(self, stored: Stored, header: Header, image: FoundImage) -> ManifestRow:
        name = f"{stored.digest}.{header.suffix}"
        files.link_or_copy(stored.path, self.raw / name)
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
            group=group(stem_of(stored.url), self.group_pattern),
        )
