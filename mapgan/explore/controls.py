"""The controls of the page, and where they stand: the map at the left, and beside it a few of them at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from mapgan.explore.scene import DIRECTIONS, FARTHEST

FOLDER = Path(__file__).parent
MAP_HTML = '<div class="map-view" data-mode="view"><canvas tabindex="0" role="img" aria-label="The map"></canvas></div>'
MODES = {"Draw": "view", "Paint": "paint", "Re-roll": "mark", "Walk": "view", "Favourites": "view"}
BRUSHES = {"Fine": 1, "Broad": 3, "Wide": 5, "Fill": 0}
NEAR_BY = ["Other seeds", "Directions"]


class Controls:
    """All controls, made within `gr.Blocks`.

    Args:
        names: of generators.
    """

    def __init__(self, names: list[str]) -> None:
        self.session = gr.State()
        with gr.Row(elem_id="top"):
            gr.HTML("<h1>mapgan</h1>", elem_id="brand", js_on_load=None)
            self.generator = gr.Dropdown(
                names, label="Generator", show_label=False, elem_id="generator", container=False
            )
        with gr.Row(elem_id="main"):
            with gr.Column(scale=100, min_width=330):
                self._map()
            with gr.Column(scale=36, min_width=330, elem_id="side"), gr.Tabs():
                for name, part in (
                    ("Draw", self._draw),
                    ("Paint", self._paint),
                    ("Re-roll", self._reroll),
                    ("Walk", self._walk),
                    ("Favourites", self._favourites),
                ):
                    with gr.Tab(name) as tab:
                        part()
                    tab.select(None, None, None, js=f"() => window.mapganMap.mode('{MODES[name]}')")
        # hidden with CSS: without a place on the page, a button cannot be clicked by the script that saves the file
        self.file = gr.DownloadButton("Save", elem_id="file", visible="hidden")

    def _map(self) -> None:
        script = (FOLDER / "map_view.js").read_text(encoding="utf-8")
        self.map = gr.HTML({}, html_template=MAP_HTML, js_on_load=script, apply_default_css=False, elem_id="map")
        with gr.Row(elem_id="under"):
            self.back = gr.Button("Back", size="sm")
            self.grid = gr.Checkbox(label="Grid", container=False, elem_id="grid")
            self.keep = gr.Button("♥ Keep", size="sm", elem_id="keep")
            self.downloads = {name: gr.Button(name, size="sm") for name in ("PNG", "VTT", "PDF")}
        self.status = gr.HTML("", elem_id="status", js_on_load=None, apply_default_css=False)
        self.grid.input(None, self.grid, None, js="(on) => window.mapganMap.grid(on)")

    def _draw(self) -> None:
        with gr.Row(elem_classes="size"):
            self.seed = gr.Number(label="Seed", precision=0, minimum=0, min_width=100, elem_id="seed")
            self.new_seed = gr.Button("New map", variant="primary", min_width=100, elem_id="new-map")
        self.label = gr.Dropdown([], label="Label", visible=False)
        with gr.Row(elem_classes="size"):
            self.columns = gr.Number(label="Squares across", precision=0, minimum=1, min_width=90, elem_id="columns")
            self.rows = gr.Number(label="Squares down", precision=0, minimum=1, min_width=90, elem_id="rows")
        with gr.Row(elem_classes="size"):
            self.seamless = gr.Checkbox(label="Seamless", container=False, min_width=90, elem_id="seamless")
            self.resize = gr.Button("Draw this size", size="sm", min_width=120, elem_id="resize")
        self.truncation = gr.Slider(0, 1, 1, step=0.05, label="Truncation", elem_id="truncation")
        self.directions = [
            gr.Slider(-FARTHEST, FARTHEST, 0, step=0.1, label=f"Direction {number + 1}", elem_id=f"direction-{number}")
            for number in range(DIRECTIONS)
        ]

    def _paint(self) -> None:
        _hint("Choose a brush and paint squares on the map; each stroke is drawn at once.")
        self.palette = gr.HTML("", elem_id="palette", js_on_load=None, apply_default_css=False)
        sizes = gr.Radio(list(BRUSHES), value="Fine", label="Brush", elem_id="brush-size")
        sizes.input(None, sizes, None, js=f"(size) => window.mapganMap.size({BRUSHES}[size])")
        with gr.Row(elem_classes="size"):
            self.blank = gr.Button("Blank plan", size="sm", min_width=90)
            self.unpaint = gr.Button("Generator's plan", size="sm", min_width=90)
        self.upload = gr.UploadButton("Plan from an image", size="sm", file_types=["image"], elem_id="plan-image")

    def _reroll(self) -> None:
        _hint(
            "Drag over squares to mark them, and again to unmark. They are drawn anew, and their neighbours blend in: "
            "of squares at an edge also those at the opposite edge, as latents wrap around."
        )
        reroll = gr.Button("Re-roll the marked squares", variant="primary", elem_id="reroll")
        reroll.click(None, None, None, js="() => window.mapganMap.reroll()")
        with gr.Row(elem_classes="size"):
            everything = gr.Button("Mark all", size="sm", min_width=90)
            clear = gr.Button("Clear marks", size="sm", min_width=90)
        everything.click(None, None, None, js="() => window.mapganMap.all()")
        clear.click(None, None, None, js="() => window.mapganMap.clear()")

    def _walk(self) -> None:
        with gr.Row(elem_classes="size"):
            self.from_seed = gr.Number(8, label="From seed", precision=0, minimum=0, min_width=90, elem_id="from")
            self.to_seed = gr.Number(6, label="To seed", precision=0, minimum=0, min_width=90, elem_id="to")
        self.fraction = gr.Slider(0, 1, 0, step=0.02, label="Interpolation", elem_id="fraction")
        gr.HTML('<div class="part"><h3>Neighbours of this map</h3></div>', js_on_load=None, apply_default_css=False)
        self.near_by = gr.Radio(NEAR_BY, value=NEAR_BY[0], label="Towards", show_label=False, elem_id="near-by")
        self.near_step = gr.Slider(0.2, 2, 1, step=0.1, label="Step", elem_id="near-step")
        self.show_neighbours = gr.Button("Show neighbours", variant="primary", elem_id="show-neighbours")
        self.near = _gallery("near", "Eight maps near this one; click on one to go there.")

    def _favourites(self) -> None:
        self.favourites = _gallery("favourites", "")

    @property
    def scene(self) -> list[Any]:
        """The controls that show the scene."""
        return [
            *(self.generator, self.seed, self.label, self.columns, self.rows, self.seamless, self.truncation),
            *self.directions,
            *(self.palette, self.unpaint, self.blank, self.upload),
        ]


def _gallery(name: str, nothing: str) -> gr.HTML:
    script = (FOLDER / "gallery.js").read_text(encoding="utf-8")
    hint = f'<p class="hint">{nothing}</p>'
    return gr.HTML(hint, js_on_load=script, apply_default_css=False, elem_id=name)


def _hint(text: str) -> None:
    gr.HTML(f'<p class="hint">{text}</p>', js_on_load=None, apply_default_css=False)
