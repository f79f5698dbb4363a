"""A page that shows what the taxi scenario counted: a map of demand, hour by hour, and the rides to the airports.

One HTML file that needs no network: Plotly's script and the numbers are in it. Python reads and weighs the documents;
the page's own script only paints the hour that its slider names, which is lighter than a Plotly frame for each hour.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pygeohash

from flink_apps.taxi_analytics.schema import AIRPORTS, DEMAND_CELL, NEW_YORK, Box
from local import page
from local.scenarios.taxi_analytics.shores import BRONX, LONG_ISLAND, MANHATTAN, NEW_JERSEY

_FOLDER = Path(__file__).parent
Document = Mapping[str, Any]

HOUR = timedelta(hours=1)
LONGEST = timedelta(days=31)
#: What the map shows at first: Manhattan and both airports.
VIEW = Box(north=40.855, west=-74.050, south=40.620, east=-73.740)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the page shows, in figures."""

    cells: int
    """Cells in which trips began."""
    hours: int
    """Hours that have a document."""
    trips: int
    """Trips in all cells and hours."""
    airports: dict[str, int]
    """Trips to each airport, in groups of more than one."""


@dataclass(frozen=True, kw_only=True)
class AirportTrips:
    """The trips to an airport in an hour, from everywhere."""

    trips: int
    minutes: float
    """The sum of their lengths."""

    @property
    def average(self) -> float:
        """Minutes of a trip."""
        return self.minutes / self.trips


def write(
    path: Path, *, demand: Iterable[Document], durations: Iterable[Document], title: str = "New York by taxi"
) -> Summary:
    """Write the page.

    Args:
        path: The file to write.
        demand: Documents of the index ``pickup_count``; there may be none, and hours may be missing.
        durations: Documents of the index ``trip_duration``, likewise.
        title: The heading.

    Raises:
        ValueError: for a document that is not as the job writes it.

    """
    trips, to_airports = trips_by_cell(demand), trips_to_airports(durations)
    documented = {hour for hour, _ in trips} | {hour for hour, _ in to_airports}
    hours = every_hour(documented)
    airports: Counter[str] = Counter()
    for (_, airport), entry in to_airports.items():
        airports[airport] += entry.trips
    summary = Summary(
        cells=len({cell for _, cell in trips}),
        hours=len(documented),
        trips=sum(trips.values()),
        airports=dict(sorted(airports.items())),
    )
    figures = []
    if trips:
        figures.append(_map_section(page.html(_map(), "map", scripted=True, scroll_zoom=True)))
    else:
        figures.append(
            page.nothing("Where trips began", "No trip counts came: the index pickup_count has no document.")
        )
    if to_airports:
        drawn = page.html(_lines(hours, to_airports), "lines", scripted=not trips)
        figures.append(_lines_section(drawn, _table(hours, to_airports)))
    else:
        figures.append(
            page.nothing("To the airports", "No airport trips came: the index trip_duration has no document.")
        )
    written = page.page(
        title=title,
        totals=_totals(summary, trips, to_airports, hours),
        figures=figures,
        data=json.dumps(_data(trips, hours), separators=(",", ":")).replace("<", "\\u003c"),
        script=page.part("taxi.js", folder=_FOLDER),
        style=page.part("page.css"),
    )
    path.write_text(written, encoding="utf-8")
    return summary


def trips_by_cell(demand: Iterable[Document]) -> Counter[tuple[datetime, str]]:
    """Trips by hour and cell."""
    trips: Counter[tuple[datetime, str]] = Counter()
    for document in demand:
        cell = _field(document, "location")
        if not isinstance(cell, str) or len(cell) != DEMAND_CELL or not _in_new_york(cell):
            raise ValueError(
                f"'location' must be a geohash of {DEMAND_CELL} characters in New York (got {cell!r}); "
                "is this the index pickup_count?"
            )
        count = int(_field(document, "pickup_count"))
        if count < 1:
            raise ValueError(f"'pickup_count' must be at least 1 (got {count}); is this the index pickup_count?")
        trips[_hour(document), cell] += count
    return trips


def trips_to_airports(durations: Iterable[Document]) -> dict[tuple[datetime, str], AirportTrips]:
    """The trips to each airport in each hour.

    A document has the sum and the average of a cell's trips, and so their number: an hour's average is that of its
    trips, not that of its cells.
    """
    sums: dict[tuple[datetime, str], list[float]] = defaultdict(lambda: [0, 0.0])
    for document in durations:
        total, average = float(_field(document, "sum_trip_duration")), float(_field(document, "avg_trip_duration"))
        if average <= 0:
            raise ValueError(
                f"'avg_trip_duration' must be more than 0 minutes (got {average}); is this the index trip_duration?"
            )
        entry = sums[_hour(document), str(_field(document, "airport_code"))]
        entry[0] += round(total / average)
        entry[1] += total
    return {key: AirportTrips(trips=int(trips), minutes=minutes) for key, (trips, minutes) in sums.items() if trips}


def every_hour(hours: set[datetime]) -> list[datetime]:
    """All hours from the first to the last, those without a document included."""
    if not hours:
        return []
    first, last = min(hours), max(hours)
    if last - first > LONGEST:
        raise ValueError(f"'timestamp' must lie within {LONGEST.days} days (got {first} to {last}); choose fewer")
    return [first + step * HOUR for step in range((last - first) // HOUR + 1)]


def _field(document: Document, name: str) -> Any:  # noqa: ANN401 - a document's fields have all types
    if name not in document:
        raise ValueError(f"'{name}' must be in each document (got {', '.join(document) or 'none'})")
    return document[name]


def _hour(document: Document) -> datetime:
    text = str(_field(document, "timestamp"))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'timestamp' must be a time such as 2024-01-31T08:00:00Z (got {text!r})") from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return time.replace(minute=0, second=0, microsecond=0)


def _in_new_york(cell: str) -> bool:
    try:
        spot = pygeohash.decode_exactly(cell)
    except ValueError:
        return False
    # A cell on the box's edge has its centre up to half a cell outside.
    high, wide = spot.latitude_error, spot.longitude_error
    return (
        NEW_YORK.south - high <= spot.latitude <= NEW_YORK.north + high
        and NEW_YORK.west - wide <= spot.longitude <= NEW_YORK.east + wide
    )


def _data(trips: Counter[tuple[datetime, str]], hours: list[datetime]) -> dict[str, Any]:
    """What the page's script paints: the grid, its cells, and for each hour pairs of a cell and its trips."""
    cells = sorted({cell for _, cell in trips})
    spots = [pygeohash.decode_exactly(cell) for cell in cells]
    height, width = (2 * spots[0].latitude_error, 2 * spots[0].longitude_error) if spots else (1.0, 1.0)
    south, west = min((s.latitude for s in spots), default=0.0), min((s.longitude for s in spots), default=0.0)
    number = {cell: index for index, cell in enumerate(cells)}
    counts: dict[datetime, list[int]] = {hour: [] for hour in hours}
    for (hour, cell), count in sorted(trips.items()):
        counts[hour] += (number[cell], count)
    return {
        "west": west,
        "south": south,
        "width": width,
        "height": height,
        "cells": cells,
        "columns": [round((spot.longitude - west) / width) for spot in spots],
        "rows": [round((spot.latitude - south) / height) for spot in spots],
        "hours": [f"{hour:%Y-%m-%dT%H}" for hour in hours],
        "labels": list(_labels(hours).values()),
        "counts": list(counts.values()),
    }


def _labels(hours: list[datetime]) -> dict[datetime, str]:
    """What each hour is called: with its day where there are several."""
    form = "{0:%d %b %H:%M}\u2013{1:%H:%M}" if len({hour.date() for hour in hours}) > 1 else "{0:%H:%M}\u2013{1:%H:%M}"
    return {hour: form.format(hour, hour + HOUR) for hour in hours}


def _map() -> go.Figure:
    """The map without its cells, which the script paints."""
    ticks = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]
    heat = go.Heatmap(
        z=[[None]],
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
        zmin=0,
        colorbar={
            "title": {"text": "trips"},
            "tickvals": [math.log10(tick) for tick in ticks],
            "ticktext": [f"{tick:,}" for tick in ticks],
            "thickness": 10,
            "outlinewidth": 0,
            "len": 0.45,
            "x": 0.98,
            "xanchor": "right",
            "y": 0.99,
            "yanchor": "top",
        },
    )
    figure = go.Figure(heat)
    for outline in (MANHATTAN, LONG_ISLAND, BRONX, NEW_JERSEY):
        corners = "L".join(f"{longitude},{latitude}" for latitude, longitude in outline)
        figure.add_shape(type="path", path=f"M{corners}Z", layer="below", name="land", line={"width": 1})
    for code, box in AIRPORTS.items():
        figure.add_shape(
            type="rect", x0=box.west, x1=box.east, y0=box.south, y1=box.north, name="airport", line={"width": 1.5}
        )
        _name(figure, code, latitude=box.north, longitude=(box.west + box.east) / 2, size=14)
    _name(figure, "MANHATTAN", latitude=40.800, longitude=-74.020, size=13)
    _name(figure, "BROOKLYN", latitude=40.655, longitude=-73.950, size=11)
    _name(figure, "QUEENS", latitude=40.708, longitude=-73.790, size=11)
    aspect = 1 / math.cos(math.radians((VIEW.north + VIEW.south) / 2))
    plain = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    figure.update_layout(
        xaxis={**plain, "range": [VIEW.west, VIEW.east]},
        yaxis={**plain, "range": [VIEW.south, VIEW.north], "scaleanchor": "x", "scaleratio": aspect},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
    )
    return figure


def _name(figure: go.Figure, text: str, *, latitude: float, longitude: float, size: int) -> None:
    figure.add_annotation(x=longitude, y=latitude, text=text, showarrow=False, yanchor="bottom", font={"size": size})


def _lines(hours: list[datetime], to_airports: Mapping[tuple[datetime, str], AirportTrips]) -> go.Figure:
    """Average minutes to each airport by hour; a line has a gap where no group came."""
    figure = go.Figure()
    looks = [("#3f83d6", "circle", "solid"), ("#e0782f", "diamond", "dot")]
    for index, airport in enumerate(sorted({airport for _, airport in to_airports})):
        colour, symbol, dash = looks[index % len(looks)]
        found = [to_airports.get((hour, airport)) for hour in hours]
        figure.add_scatter(
            name=airport,
            x=[f"{hour:%Y-%m-%dT%H:%M}" for hour in hours],
            y=[round(entry.average, 2) if entry else None for entry in found],
            customdata=[entry.trips if entry else None for entry in found],
            hovertemplate="%{y:.1f} min, %{customdata} trips",
            mode="lines+markers",
            connectgaps=False,
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"symbol": symbol, "size": 7},
        )
    figure.update_layout(
        xaxis={"title": {"text": "hour (UTC)"}, "type": "date", "hoverformat": "%d %b, %H:%M", "zeroline": False},
        yaxis={"title": {"text": "minutes"}, "rangemode": "tozero", "zeroline": False},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
        margin={"l": 55, "r": 10, "t": 40, "b": 50},
    )
    return figure


def _totals(
    summary: Summary,
    trips: Counter[tuple[datetime, str]],
    to_airports: Mapping[tuple[datetime, str], AirportTrips],
    hours: list[datetime],
) -> str:
    entries = [
        ("trips", f"{summary.trips:,}"),
        ("cells of 150 m", f"{summary.cells:,}"),
        ("hours", f"{summary.hours:,}"),
    ]
    by_hour: Counter[datetime] = Counter()
    for (hour, _), count in trips.items():
        by_hour[hour] += count
    if by_hour:
        busiest = max(by_hour, key=lambda hour: by_hour[hour])
        entries.append(("busiest hour", _labels(hours)[busiest]))
    for airport, count in summary.airports.items():
        minutes = sum(entry.minutes for (_, code), entry in to_airports.items() if code == airport)
        entries.append((f"to {airport} on average", f"{minutes / count:.0f} min"))
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in entries)


def _table(hours: list[datetime], to_airports: Mapping[tuple[datetime, str], AirportTrips]) -> str:
    airports = sorted({airport for _, airport in to_airports})
    head = "".join(f'<th scope="col">{escape(airport)}</th>' for airport in airports)
    rows = []
    for hour, label in _labels(hours).items():
        found = [to_airports.get((hour, airport)) for airport in airports]
        values = "".join(
            f"<td>{entry.average:.1f} ({entry.trips})</td>" if entry else "<td>\u2013</td>" for entry in found
        )
        rows.append(f'<tr><th scope="row">{label}</th>{values}</tr>')
    return f'<table><thead><tr><th scope="col">hour</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _map_section(figure: str) -> str:
    return f"""<section aria-labelledby="where">
<h2 id="where">Where trips began</h2>
<div class="controls">
<button id="play" type="button" aria-pressed="false">Play</button>
<input id="hour" type="range" min="0" value="0" step="1" aria-label="Hour">
<output id="now" for="hour" aria-live="polite"></output>
</div>
<div class="map" role="img" aria-label="Map of New York: trips by cell of about 150 metres">{figure}</div>
<p class="hint">Scroll to zoom, drag to move, double-click to go back. An hour has the trips that ended in it.</p>
</section>"""


def _lines_section(figure: str, table: str) -> str:
    return f"""<section aria-labelledby="airports">
<h2 id="airports">To the airports</h2>
<p>Average minutes of a trip, where more than one came from a cell in the hour.</p>
<div class="lines" role="img" aria-label="Average minutes to each airport by hour">{figure}</div>
<details><summary>As a table: minutes (trips)</summary>{table}</details>
</section>"""
