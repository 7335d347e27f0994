"""What the page shows of a session, as plain data and HTML in which everything is escaped."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from PIL import Image

from mapgan.explore.generators import Color, OpenGenerator
from mapgan.explore.plans import blank_plan
from mapgan.explore.scene import Scene
from mapgan.explore.scene_renderer import RenderedMap
from mapgan.explore.session import Session
from mapgan.sampling.labels import ANY

SHOWN = 2048  # pixels, the longer side of the map on the page; downloads have all
TIMES = "\N{MULTIPLICATION SIGN}"
Item = tuple[str, str, str]  # key, data URL of its picture, which is empty until it is drawn, and caption
EXACT = 1_000_000  # pixels up to which the page shows each as it was drawn


def map_value(session: Session, opened: OpenGenerator, drawn: RenderedMap) -> dict[str, Any]:
    """The value of the map, for `map_view.js`."""
    scene = session.scene
    return {
        "image": data_url(drawn.image),
        "latent": drawn.recipe.cells[0].latent,
        "columns": scene.columns,
        "rows": scene.rows,
        "plan": drawn.plan or blank_plan(opened, scene.columns, scene.rows),
        "paints": opened.paints,
        "colors": [hexadecimal(color) for color in opened.colors],
        "stroke": session.stroke,
        "about": f"Map of {scene.columns} x {scene.rows} squares, {scene.latent}",
    }


def data_url(image: Image.Image) -> str:
    """An image for the page, reduced if it is larger than a screen."""
    stream, kind = io.BytesIO(), "png"
    if image.width * image.height <= EXACT:
        image.save(stream, "PNG", compress_level=1)
    else:
        small, kind = image.copy(), "webp"
        small.thumbnail((SHOWN, SHOWN), Image.Resampling.BOX)
        small.save(stream, "WEBP", quality=90, method=2)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def hexadecimal(color: Color) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def palette(opened: OpenGenerator) -> str:
    """The brushes: a button for each label, and one that leaves squares open, if the generator can fill them."""
    if not opened.paints:
        return f'<p class="hint">{escape(opened.name)} knows no labels of squares, so it paints no plans.</p>'
    brushes = [(number, name, hexadecimal(opened.colors[number])) for number, name in enumerate(opened.labels)]
    if opened.leaves_open:
        brushes.append((ANY, "any", ""))
    buttons = []
    for place, (number, name, color) in enumerate(brushes):
        look = f'style="background:{color}"' if color else 'class="open"'
        checked = "true" if place == 0 else "false"
        buttons.append(
            f'<button type="button" role="radio" aria-checked="{checked}" data-brush="{number}">'
            f"<i {look}></i>{escape(name)}</button>"
        )
    overlay = (
        '<label class="opacity">map <input id="plan-opacity" type="range" min="0" max="1" step="0.05" value="0.5" '
        'aria-label="Plan over the map"> plan</label>'
    )
    return f'<div class="brushes" role="radiogroup" aria-label="Brush">{"".join(buttons)}</div>{overlay}'


def status_line(text: str, kind: str = "") -> str:
    """The line under the map: `kind` is error, or empty."""
    return f'<p role="{"alert" if kind else "status"}" class="status-line {kind}">{escape(text)}</p>'


def caption(scene: Scene) -> str:
    """A scene in a few words."""
    seed = f"seed {scene.latent}" if scene.latent.isdecimal() else "on the way"
    extras = [
        "painted" if scene.plan else "",
        "seamless" if scene.seamless else "",
    ]
    return " · ".join(filter(None, [scene.generator, seed, f"{scene.columns} {TIMES} {scene.rows}", *extras]))


def gallery(items: Sequence[Item], removable: bool, nothing: str) -> str:
    """Thumbnails to click on.

    Args:
        items: the thumbnails.
        removable: whether each has a cross.
        nothing: what to say if there are none.
    """
    if not items:
        return f'<p class="hint">{escape(nothing)}</p>'
    return f'<div class="map-gallery">{"".join(_item(*one, removable) for one in items)}</div>'


def _item(key: str, url: str, text: str, removable: bool) -> str:
    key, text = escape(key), escape(text)
    picture = f'<img src="{escape(url)}" alt="">' if url else '<span class="waiting"></span>'
    cross = f'<button type="button" class="remove" data-remove="{key}" aria-label="Remove {text}">{TIMES}</button>'
    return (
        f'<div class="map-item"><button type="button" data-pick="{key}" title="{text}">{picture}<span>{text}</span>'
        f"</button>{cross if removable else ''}</div>"
    )


def file_name(scene: Scene) -> str:
    """Of a scene's files, without suffix: letters, digits and hyphens."""
    seed = scene.latent if scene.latent.isdecimal() else "walk"
    words = re.findall("[A-Za-z0-9]+", f"{scene.generator} {seed} {scene.columns}x{scene.rows}")
    return "-".join(words)[:80]
