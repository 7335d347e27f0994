"""A scrape that is killed at any moment and run again ends as one that was never killed."""

import random
import subprocess
import sys
import time

import pytest

from mapgan.files import sha256_file

from .conftest import Reply, html, large_image, png

IMAGES = 300
KILLS = 20
PER_PAGE = 30
FAST = ["--set", "scrape.download.delay=0"]


@pytest.fixture
def gallery(site):
    """300 images on 10 pages, each tenth of 300 kB and with an ETag, so that a download may be gone on with."""
    for page in range(IMAGES // PER_PAGE):
        images = "".join(f'<img src="/{page * PER_PAGE + number}.png">' for number in range(PER_PAGE))
        site.put(f"/p{page}", html(f'{images}<a rel="next" href="/p{page + 1}">next</a>' if page < 9 else images))
    for number in range(IMAGES):
        reply = png(number)
        if number % 10 == 0:
            tag = {"ETag": f'"{number}"'}
            reply = Reply(large_image(number), "image/png", headers=tag, ranges=True)
        site.put(f"/{number}.png", reply)
    return site


def contents(folder):
    return {path.name: sha256_file(path) for path in folder.iterdir() if path.is_file()}


@pytest.mark.soak
def test_killed_twenty_times(gallery, tmp_path):
    def command(folder):
        return [sys.executable, "-m", "mapgan", "collect", f"{gallery.url}/p0", "--out", str(tmp_path / folder), *FAST]

    subprocess.run(command("undisturbed"), check=True, capture_output=True)
    chance = random.Random(13)
    moments = sorted(chance.randrange(1, 3 * IMAGES // 2) for _ in range(KILLS))
    gallery.requested.clear()
    killed = 0
    for moment in moments:  # as the number of requests that were made, whatever the speed of the machine
        process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        first = len(gallery.requested)
        while process.poll() is None and len(gallery.requested) < max(moment, first + 1 + chance.randrange(20)):
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        killed += process.wait() < 0
    subprocess.run(command("killed"), check=True, capture_output=True)
    assert killed >= KILLS // 2
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")
    # an image is asked for again only if the kill came between its first byte and its line in the journal
    again = [count for path, count in gallery.request_counts().items() if path.endswith(".png")]
    assert sum(again) <= IMAGES + KILLS
