"""What the pages of the scenarios are made of: one HTML file each, which needs no network."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

import plotly.graph_objects as go

_PAGES = Path(__file__).parent / "pages"
FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", "size": 13}


def part(name: str, *, folder: Path = _PAGES) -> str:
    """A part of a page: a file of the folder ``pages``, or of a scenario's own."""
    return (folder / name).read_text(encoding="utf-8")


def page(*, title: str, totals: str, figures: list[str], data: str, script: str, style: str) -> str:
    """The page: its heading with the totals, then the figures; ``data`` is JSON that the script reads."""
    return Template(part("page.html")).substitute(
        title=escape(title), totals=totals, figures="\n".join(figures), data=data, script=script, style=style
    )


def html(figure: go.Figure, name: str, *, scripted: bool, scroll_zoom: bool = False) -> str:
    """A figure in the element ``name``, in the page's own colours; the first of a page brings Plotly's script along."""
    figure.update_layout(
        template=go.layout.Template(), paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", font=FONT
    )
    config = {"responsive": True, "displaylogo": False, "displayModeBar": False, "scrollZoom": scroll_zoom}
    drawn: str = figure.to_html(full_html=False, include_plotlyjs=scripted, div_id=name, config=config)
    return drawn


def nothing(heading: str, text: str) -> str:
    """A section that has nothing to show, and says why."""
    return f'<section><h2>{heading}</h2><p class="nothing">{text}</p></section>'
