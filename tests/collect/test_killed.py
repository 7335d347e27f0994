"""A scrape that is killed at any moment and run again ends as one that was never killed."""

import random
import subprocess
import sys

import pytest

from mapgan.files import sha256_file

from .conftest import html, png

IMAGES = 300
KILLS = 20
FAST = ["--set", "scrape.download.delay=0"]


def contents(folder):
    return {path.name: sha256_file(path) for path in folder.iterdir() if path.is_file()}


@pytest.mark.soak
def test_killed_twenty_times(site, tmp_path):
    for page in range(IMAGES // 30):
        images = "".join(f'<img src="/{page * 30 + number}.png">' for number in range(30))
        site.put(f"/p{page}", html(f'{images}<a rel="next" href="/p{page + 1}">next</a>' if page < 9 else images))
    for number in range(IMAGES):
        site.put(f"/{number}.png", png(number))

    def command(folder):
        return [sys.executable, "-m", "mapgan", "collect", f"{site.url}/p0", "--out", str(tmp_path / folder), *FAST]

    subprocess.run(command("undisturbed"), check=True, capture_output=True)
    chance = random.Random(13)
    for _ in range(KILLS):
        process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=chance.uniform(0.5, 2.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    subprocess.run(command("killed"), check=True, capture_output=True)
    assert contents(tmp_path / "killed") == contents(tmp_path / "undisturbed")
    # an image is asked for again only if the kill came between its last byte and its line in the journal
    again = [count for path, count in site.request_counts().items() if path.endswith(".png")]
    assert sum(again) <= 2 * IMAGES + KILLS
