"""The page driven through its real tasks, in Chromium, with the real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mapgan.models import model_file
from mapgan.sampling.again import draw_again
from mapgan.sampling.recipe import read_recipe

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra dev)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium"),
]
PATIENCE = 240_000  # ms; other work may have the machine


class Server:
    """`mapgan explore` in a folder of its own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        command = [sys.executable, "-m", "mapgan", "explore", "--no-browser", "--port", "7870", "--memory", "1"]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        assert self.process.stdout
        line = next((line for line in self.process.stdout if "the page is" in line), "")
        self.url = re.search(r"http://\S+", line)[0]  # type: ignore[index]

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=120)[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("explore")
    broken = folder / "runs/broken/generator.safetensors"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no generator")
    server = Server(folder)
    server.start()
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[[], Any]


@pytest.fixture
def user(server: Server, chromium: Any) -> Iterator[Open]:
    """Opens the page as another user; nothing may be asked of another host, and no script may fail."""
    wrong: list[str] = []
    contexts = []

    def listen(page: Any) -> None:
        inside = (server.url, "data:", "blob:")
        page.on("request", lambda one: None if one.url.startswith(inside) else wrong.append(one.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))

    def open_page() -> Any:
        contexts.append(chromium.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        listen(page)
        page.goto(server.url)
        page.wait_for_selector("canvas[data-latent]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def latent(page: Any) -> str:
    """The latent of the map that is shown."""
    return str(page.locator("canvas").get_attribute("data-latent"))


def changed(page: Any, act: Callable[[], Any]) -> None:
    """Do something, and wait until another map is shown."""
    before = page.evaluate("document.querySelector('canvas').toDataURL()")
    act()
    page.wait_for_function("old => document.querySelector('canvas').toDataURL() !== old", arg=before)


def expect_status(page: Any, text: str) -> None:
    page.locator("#status").get_by_text(text).wait_for()


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the map, in fractions of its width and height."""
    box = page.locator("canvas").bounding_box()
    for step, (x, y) in enumerate((start, end)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if step == 0:
            page.mouse.down()
    page.mouse.up()


def download(page: Any, name: str, folder: Path) -> Path:
    with page.expect_download() as found:
        page.get_by_role("button", name=name, exact=True).click()
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def test_paint_draw_reroll_export_and_find_it_again(server: Server, user: Open, tmp_path: Path) -> None:
    page = user()
    tab(page, "Paint")
    page.locator('[data-brush]:has-text("floor")').click()
    changed(page, lambda: drag(page, (0.1, 0.2), (0.5, 0.2)))
    page.get_by_role("button", name="Generator's plan").and_(page.locator(":enabled")).wait_for()
    tab(page, "Re-roll")
    drag(page, (0.02, 0.02), (0.2, 0.3))
    before = latent(page)
    page.locator("#reroll").click()
    page.wait_for_function("old => document.querySelector('canvas').dataset.latent !== old", arg=before)
    assert latent(page).startswith("patch(8, ")
    content = json.loads(download(page, "VTT", tmp_path).read_text())
    assert content["resolution"]["map_size"] == {"x": 24, "y": 16}
    png = download(page, "PNG", tmp_path)
    recipe = read_recipe(png)
    assert recipe.cells[0].latent == latent(page)
    floor = 1
    assert recipe.cells[0].plan[3][6:12] == [floor] * 6
    assert "to the pixel" in draw_again(png, recipe, model_file("plans"), tmp_path / "again.png")
    assert download(page, "PDF", tmp_path).read_bytes().startswith(b"%PDF")
    page.get_by_role("button", name="Keep").click()
    expect_status(page, "kept in favourites.json")
    kept = latent(page)

    server.stop()
    server.start()
    page = user()
    assert latent(page) != kept
    tab(page, "Favourites")
    page.locator("#favourites [data-pick]").first.click()
    page.wait_for_function("old => document.querySelector('canvas').dataset.latent === old", arg=kept)
    page.locator("#favourites [data-remove]").first.click()
    page.locator("#favourites").get_by_text("Nothing is kept").wait_for()


def test_every_control(user: Open, tmp_path: Path) -> None:
    page = user()
    changed(page, lambda: page.locator("#new-map").click())
    page.locator("#seed input").fill("9")
    changed(page, lambda: page.locator("#seed input").press("Enter"))
    assert latent(page) == "9"
    page.locator("#columns input").fill("13")
    page.locator("#rows input").fill("10")
    changed(page, lambda: page.locator("#resize").click())
    expect_status(page, "208")
    for slider in ("#truncation", "#direction-0", "#direction-1", "#direction-2", "#direction-3"):
        changed(
            page,
            lambda slider=slider: page.locator(f"{slider} input[type=range]").fill("-2" if "dir" in slider else "0.5"),
        )
    changed(page, lambda: page.locator("#seamless input").check())
    page.locator("#seamless input").uncheck()  # the size stays, and so does the map, as latents wrap around anyway
    changed(page, lambda: page.locator("#grid input").check())
    changed(page, lambda: page.locator("#grid input").uncheck())
    changed(page, lambda: page.get_by_role("button", name="Back").click())

    tab(page, "Paint")
    for size in ("Broad", "Wide", "Fill"):
        page.locator("#brush-size").get_by_role("radio", name=size).click()
        page.locator('[data-brush]:has-text("rubble")').click()
        changed(page, lambda size=size: drag(page, (0.6, 0.6), (0.7, 0.6 if size == "Fill" else 0.8)))
        changed(page, lambda: page.get_by_role("button", name="Back").click())
    changed(page, lambda: page.locator("#plan-opacity").fill("0.9"))
    changed(page, lambda: page.get_by_role("button", name="Blank plan").click())
    changed(page, lambda: page.get_by_role("button", name="Generator's plan").click())
    Image.new("RGB", (20, 12), (235, 222, 200)).save(tmp_path / "plan.png")
    page.locator("#plan-image input[type=file], input[type=file]").first.set_input_files(tmp_path / "plan.png")
    expect_status(page, "320")
    (tmp_path / "no.png").write_bytes(b"no image")
    page.locator("#plan-image input[type=file], input[type=file]").first.set_input_files(tmp_path / "no.png")
    expect_status(page, "not an image of a known format")

    tab(page, "Re-roll")
    changed(page, lambda: page.get_by_role("button", name="Mark all").click())
    changed(page, lambda: page.get_by_role("button", name="Clear marks").click())
    page.locator("#reroll").click()
    expect_status(page, "no squares are marked")

    tab(page, "Walk")
    page.locator("#from input").fill("3")
    page.locator("#to input").fill("6")
    changed(page, lambda: page.locator("#fraction input[type=range]").fill("0.5"))
    assert latent(page) == "slerp(3, 6, 0.5)"
    for near in ("Other seeds", "Directions"):
        page.locator("#near-by").get_by_role("radio", name=near).click()
        page.locator("#near-step input[type=range]").fill("1.5")
        page.locator("#show-neighbours").click()
        page.wait_for_function("document.querySelectorAll('#near img').length === 8")
        changed(page, lambda: page.locator("#near [data-pick]").nth(2).click())
        page.wait_for_function("document.querySelectorAll('#near img').length === 8")

    page.locator("#generator input").click()
    changed(page, lambda: page.get_by_role("option", name="overland").click())


def test_what_cannot_be_drawn_is_one_line(user: Open) -> None:
    page = user()
    before = latent(page)
    page.locator("#generator input").click()
    page.get_by_role("option", name="runs/broken").click()
    expect_status(page, "not a safetensors file, or damaged")
    page.locator("#columns input").fill("99999")
    page.locator("#resize").click()
    expect_status(page, "not a size")
    page.locator("#columns input").fill("1000")
    page.locator("#rows input").fill("1000")
    page.locator("#resize").click()
    expect_status(page, "of memory")
    assert latent(page) == before


def test_two_users_do_not_disturb_each_other(user: Open) -> None:
    pages = [user(), user()]
    for seed, page in enumerate(pages, 20):
        page.locator("#seed input").fill(str(seed))
    for page in pages:
        page.locator("#seed input").press("Enter")
    for seed, page in enumerate(pages, 20):
        page.wait_for_function("seed => document.querySelector('canvas').dataset.latent === seed", arg=str(seed))


def upload_by_name(server: Server, path: Path) -> str:
    """The server's answer where a browser names a file of this computer as the one that was uploaded."""
    config = json.load(urllib.request.urlopen(f"{server.url}config"))
    types = {one["id"]: one["type"] for one in config["components"]}
    index = next(one["id"] for one in config["dependencies"] if "uploadbutton" in [types[i] for i in one["inputs"]])
    file = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [None, file], "fn_index": index, "session_hash": "forged"}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{server.url}gradio_api/queue/join", body, headers))
    with urllib.request.urlopen(f"{server.url}gradio_api/queue/data?session_hash=forged") as events:
        return next(line.decode() for line in events if b"process_completed" in line)


def test_a_file_of_this_computer_is_no_upload(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    answer = upload_by_name(server, Path(__file__).parents[2] / "docs/explore.webp")
    assert '"success":false' in answer
    assert "it was not uploaded by a user" in server.stop()


def test_only_this_computer_is_asked_and_answered(server: Server) -> None:
    with urllib.request.urlopen(server.url) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    request = urllib.request.Request(server.url, headers={"Host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request)
    request = urllib.request.Request(f"{server.url}gradio_api/upload", b"", {"Origin": "http://elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
    for path in (server.folder / "favourites.json", Path("/etc/passwd")):
        with pytest.raises(urllib.error.HTTPError, match=r"40[34]"):
            urllib.request.urlopen(f"{server.url}gradio_api/file={path}")
