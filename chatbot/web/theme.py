"""The look of the page: paper, ink and brass; system fonts, nothing loaded from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STYLES = [Path(__file__).with_name(f"{part}.css") for part in ("style", "compare", "inspector", "ladder")]

# The persona's picture in the chat: a magnifying glass.
PORTRAIT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<rect width="64" height="64" rx="32" fill="#3b2a1e"/>
<circle cx="28" cy="27" r="13" fill="#f3e9d8" stroke="#c79a4b" stroke-width="5"/>
<path d="M38 37 L51 50" stroke="#c79a4b" stroke-width="7" stroke-linecap="round"/>
<path d="M21 25 a8 8 0 0 1 7 -6" stroke="#fff" stroke-width="3" fill="none" stroke-linecap="round"/></svg>"""


def make_theme() -> Any:
    """The Gradio theme."""
    from gradio.themes import Base, Color, sizes

    ink = Color(
        c50="#f7f3ec", c100="#efe7da", c200="#e0d3bf", c300="#cbb897", c400="#ab9470", c500="#8a7352",
        c600="#6d583c", c700="#54432e", c800="#3b2f22", c900="#271f17", c950="#191410", name="ink",
    )  # fmt: skip
    brass = Color(
        c50="#fbf5e8", c100="#f5e6c6", c200="#ebcf93", c300="#dfb564", c400="#cf9c42", c500="#b17f2c",
        c600="#906422", c700="#704d1d", c800="#523a1a", c900="#3a2915", c950="#241a0e", name="brass",
    )  # fmt: skip
    return Base(
        primary_hue=brass,
        secondary_hue=brass,
        neutral_hue=ink,
        radius_size=sizes.radius_md,
        font=["Iowan Old Style", "Palatino Linotype", "Palatino", "Georgia", "serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    ).set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        input_placeholder_color="*neutral_700",
        input_placeholder_color_dark="*neutral_200",
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_background_fill="#fffdf8",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="#fffaf0",
        button_primary_background_fill_dark="*primary_600",
    )
