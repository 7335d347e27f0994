"""The look of the page: colours as in mapgan's other pages, and only fonts that the reader's system has."""

from __future__ import annotations

from pathlib import Path

from gradio.themes import Base, Color

FOLDER = Path(__file__).parent
FONT = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
MOSS = Color(
    "#f0f6f3",
    "#dcebe4",
    "#bcd8cb",
    "#97c1ae",
    "#6fa68e",
    "#3d6b58",
    "#356050",
    "#2b4f42",
    "#223f35",
    "#1a3129",
    "#11211b",
)
STONE = Color(
    "#faf9f6",
    "#f6f4ef",
    "#e8e3d8",
    "#d6cfc0",
    "#a29b8e",
    "#7d766a",
    "#6d675d",
    "#4a463f",
    "#37342f",
    "#232220",
    "#191816",
)


def theme() -> Base:
    """The theme."""
    return Base(primary_hue=MOSS, neutral_hue=STONE, font=FONT, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#f6f4ef",
        body_background_fill_dark="#191816",
        body_text_color="#24211c",
        body_text_color_dark="#ebe7df",
        body_text_color_subdued="#6d675d",
        body_text_color_subdued_dark="#a29b8e",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#232220",
        background_fill_secondary="#f6f4ef",
        background_fill_secondary_dark="#191816",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_title_text_weight="500",
        block_title_text_size="13px",
        block_padding="0px",
        border_color_primary="#e0dbd0",
        border_color_primary_dark="#37342f",
        input_background_fill="#ffffff",
        input_background_fill_dark="#2a2926",
        input_border_color="#d6cfc0",
        input_border_color_dark="#44413b",
        input_border_width="1px",
        input_radius="8px",
        input_shadow="none",
        button_large_radius="8px",
        button_small_radius="8px",
        button_medium_radius="8px",
        button_primary_background_fill="#3d6b58",
        button_primary_background_fill_hover="#356050",
        button_primary_background_fill_dark="#3d6b58",
        button_primary_background_fill_hover_dark="#497d67",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="#f0ece3",
        button_secondary_background_fill_dark="#2a2926",
        button_secondary_background_fill_hover_dark="#37342f",
        button_secondary_border_color="#d6cfc0",
        button_secondary_border_color_dark="#44413b",
        button_border_width="1px",
        button_border_width_dark="1px",
        slider_color="#3d6b58",
        slider_color_dark="#7fb89f",
        checkbox_background_color_selected="#3d6b58",
        checkbox_background_color_selected_dark="#3d6b58",
        checkbox_border_color_selected="#3d6b58",
    )
