"""The page of the taxi analytics: its figures, and what a browser makes of it without a network."""

import functools
import gzip
import json
import math
import re
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pygeohash
import pytest

from flink_apps.taxi_analytics.schema import AIRPORTS, NEW_YORK, Box
from local.scenarios.taxi_analytics.page import Summary, every_hour, trips_by_cell, trips_to_airports, write
from stacks.project import SHIPPED_RIDES
from tests.local import browser

Document = dict[str, Any]
TIMES_SQUARE = "dr5ru7v"
GRAND_CENTRAL = "dr5rudg"


def at(hour: int, day: int = 31) -> datetime:
    return datetime(2024, 1, day, hour, tzinfo=UTC)


def demand(hour: int, trips: int, *, cell: str = TIMES_SQUARE, day: int = 31) -> Document:
    return {"location": cell, "pickup_count": trips, "timestamp": f"2024-01-{day:02}T{hour:02}:00:00Z"}


def duration(hour: int, total: float, average: float, *, airport: str = "JFK") -> Document:
    return {
        "location": "dr5ru7",
        "airport_code": airport,
        "sum_trip_duration": total,
        "avg_trip_duration": average,
        "timestamp": f"2024-01-31T{hour:02}:00:00Z",
    }


# What the figures are


def test_an_hours_average_is_that_of_its_trips_and_not_that_of_its_cells() -> None:
    found = trips_to_airports([duration(8, 60.0, 30.0), duration(8, 40.0, 10.0)])
    assert found[at(8), "JFK"].trips == 6
    assert found[at(8), "JFK"].average == pytest.approx(100 / 6)


def test_the_number_of_trips_is_a_whole_one_though_the_average_is_rounded() -> None:
    assert trips_to_airports([duration(8, 123.0, 41.1)])[at(8), "JFK"].trips == 3


def test_airports_and_hours_are_kept_apart() -> None:
    found = trips_to_airports([duration(8, 60, 30), duration(9, 80, 40), duration(8, 20, 10, airport="LGA")])
    assert {key: group.average for key, group in found.items()} == {
        (at(8), "JFK"): 30,
        (at(9), "JFK"): 40,
        (at(8), "LGA"): 10,
    }


def test_counts_of_a_cell_and_hour_add_up() -> None:
    found = trips_by_cell([demand(8, 3), demand(8, 4), demand(9, 5), demand(8, 1, cell=GRAND_CENTRAL)])
    assert found == {(at(8), TIMES_SQUARE): 7, (at(9), TIMES_SQUARE): 5, (at(8), GRAND_CENTRAL): 1}


def test_hours_without_a_document_are_hours_too() -> None:
    assert every_hour({at(7), at(10)}) == [at(7), at(8), at(9), at(10)]


def test_a_time_of_another_zone_is_counted_in_utc() -> None:
    document = demand(8, 3) | {"timestamp": "2024-01-31T08:00:00-05:00"}
    assert trips_by_cell([document]) == {(at(13), TIMES_SQUARE): 3}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (demand(8, 3, cell="dr5ru7"), r"'location' must be a geohash of 7 characters in New York \(got 'dr5ru7'\)"),
        (demand(8, 3, cell="u4pruyd"), r"in New York \(got 'u4pruyd'\)"),
        (demand(8, 3, cell="dr5ruaa"), r"in New York \(got 'dr5ruaa'\)"),
        (demand(8, 0), r"'pickup_count' must be at least 1 \(got 0\)"),
        (demand(8, 3) | {"timestamp": "today"}, r"'timestamp' must be a time such as .* \(got 'today'\)"),
    ],
)
def test_a_count_that_the_job_cannot_have_written_is_refused(document: Document, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trips_by_cell([document])


def test_a_document_without_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'pickup_count' must be in each document \(got location, timestamp\)"):
        trips_by_cell([{"location": TIMES_SQUARE, "timestamp": "2024-01-31T08:00:00Z"}])


def test_an_average_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'avg_trip_duration' must be more than 0 minutes \(got 0.0\)"):
        trips_to_airports([duration(8, 0, 0)])


def test_hours_that_lie_months_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="'timestamp' must lie within 31 days"):
        every_hour({at(8), datetime(2024, 6, 1, tzinfo=UTC)})


# What is in the file


def test_the_summary_has_the_cells_hours_trips_and_airports(tmp_path: Path) -> None:
    summary = write(
        tmp_path / "page.html",
        demand=[demand(8, 3), demand(8, 4, cell=GRAND_CENTRAL), demand(11, 5)],
        durations=[duration(8, 60, 30), duration(9, 80, 20), duration(8, 20, 10, airport="LGA")],
    )
    assert summary == Summary(cells=2, hours=3, trips=12, airports={"JFK": 6, "LGA": 2})


def test_a_line_and_its_table_have_a_gap_where_no_group_came(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, demand=[], durations=[duration(8, 60, 30), duration(10, 50, 25)])
    text = page.read_text(encoding="utf-8")
    assert '"y":[30.0,null,25.0]' in text
    assert '<tr><th scope="row">09:00\u201310:00</th><td>\u2013</td></tr>' in text


def test_hours_of_several_days_are_labelled_with_their_day(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, demand=[demand(23, 3, day=30), demand(0, 4)], durations=[])
    assert embedded(page.read_text(encoding="utf-8"))["labels"] == [
        "30 Jan 23:00\u201300:00",
        "31 Jan 00:00\u201301:00",
    ]


def test_an_empty_page_says_that_nothing_came(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert write(page, demand=[], durations=[]) == Summary(cells=0, hours=0, trips=0, airports={})
    text = page.read_text(encoding="utf-8")
    assert "No trip counts came" in text
    assert "No airport trips came" in text


def test_a_title_is_text_and_no_markup(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, demand=[], durations=[], title="Taxis <b>& cars</b>")
    assert "<h1>Taxis &lt;b&gt;&amp; cars&lt;/b&gt;</h1>" in page.read_text(encoding="utf-8")


# What a browser shows


@dataclass(frozen=True)
class Written:
    """The page of the made-up rides, and what it should show."""

    path: Path
    demand: list[Document]
    durations: list[Document]

    def hours(self) -> int:
        """All hours have trips, those of the night too."""
        return len({entry["timestamp"] for entry in self.demand})

    def trips(self, hour: int | None = None) -> int:
        wanted = None if hour is None else f"2024-01-31T{hour:02}:00:00Z"
        return sum(entry["pickup_count"] for entry in self.demand if wanted in (None, entry["timestamp"]))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The page of documents that are computed here, from the rides and without the job."""
    counts: Counter[tuple[str, str]] = Counter()
    groups: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for ride in rides():
        start, end = place(ride, "pickup"), place(ride, "dropoff")
        if not (within(NEW_YORK, start) and within(NEW_YORK, end)):
            continue
        hour = f"{datetime.fromtimestamp(ride['dropoff_datetime'] / 1000, UTC):%Y-%m-%dT%H:00:00Z}"
        counts[pygeohash.encode(*start, precision=7), hour] += 1
        for airport, box in AIRPORTS.items():
            if within(box, end):
                minutes = (ride["dropoff_datetime"] - ride["pickup_datetime"]) / 60_000
                groups[pygeohash.encode(*start, precision=6), airport, hour].append(minutes)
    page = Written(
        path=tmp_path_factory.mktemp("page") / "page.html",
        demand=[{"location": cell, "pickup_count": count, "timestamp": hour} for (cell, hour), count in counts.items()],
        durations=[
            {
                "location": cell,
                "airport_code": airport,
                "sum_trip_duration": sum(lengths),
                "avg_trip_duration": sum(lengths) / len(lengths),
                "timestamp": hour,
            }
            for (cell, airport, hour), lengths in groups.items()
            if len(lengths) > 1
        ],
    )
    write(page.path, demand=page.demand, durations=page.durations)
    return page


def rides() -> Iterator[dict[str, Any]]:
    for path in sorted(SHIPPED_RIDES.glob("*.json.gz")):
        yield from map(json.loads, gzip.decompress(path.read_bytes()).splitlines())


def place(ride: dict[str, Any], end: str) -> tuple[float, float]:
    return ride[f"{end}_latitude"], ride[f"{end}_longitude"]


def within(box: Box, point: tuple[float, float]) -> bool:
    return box.south <= point[0] <= box.north and box.west <= point[1] <= box.east


Browse = Callable[..., str]


@pytest.fixture(scope="module")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Browse:
    """Opens an address in a browser without a network, and gives the document as it is once the scripts have run."""
    return functools.partial(browser.browse, profile=tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def all_hours(browse: Browse, written: Written) -> str:
    return browse(written.path.as_uri())


@pytest.fixture(scope="module")
def eight_o_clock(browse: Browse, written: Written) -> str:
    return browse(written.path.as_uri() + "#2024-01-31T08")


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def shown_hour(page: str) -> str:
    found = re.search(r'<output id="now"[^>]*>(.*?)</output>', page)
    assert found
    return found[1]


def attributes(page: str, tag: str) -> dict[str, str]:
    found = re.search(f"<{tag} [^>]*>", page)
    assert found
    return dict(re.findall(r'([\w-]+)="([^"]*)"', found[0]))


def test_the_page_of_40_000_rides_is_one_file_of_less_than_6_megabytes(written: Written) -> None:
    assert written.path.stat().st_size < 6_000_000


def test_the_page_loads_nothing(written: Written) -> None:
    loaded: list[str] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            loaded.extend(f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href"))

    Elements().feed(written.path.read_text(encoding="utf-8"))
    assert loaded == []


def test_the_map_has_its_cells_and_names(all_hours: str) -> None:
    assert re.search(r'<g class="hm"><image [^>]*href="data:image/png;base64,', all_hours)
    assert {"JFK", "LGA", "MANHATTAN"} <= set(re.findall(r"<text [^>]*annotation-text[^>]*>(\w+)<", all_hours))


def test_a_cell_is_drawn_as_wide_and_high_as_it_is_on_earth(all_hours: str) -> None:
    image, data = attributes(all_hours, "image"), embedded(all_hours)
    width = float(image["width"]) / (max(data["columns"]) + 1)
    height = float(image["height"]) / (max(data["rows"]) + 1)
    assert width / height == pytest.approx(math.cos(math.radians(40.74)), rel=0.02)


def test_the_chart_has_a_line_for_each_airport(all_hours: str) -> None:
    assert len(re.findall(r'<g class="trace scatter ', all_hours)) == 2
    assert set(re.findall(r'<text class="legendtext"[^>]*>(\w+)<', all_hours)) == {"JFK", "LGA"}


def test_the_slider_begins_with_all_hours_and_has_a_step_for_each(all_hours: str, written: Written) -> None:
    slider = attributes(all_hours, "input")
    assert (slider["max"], slider["aria-valuetext"]) == (str(written.hours()), "all hours")
    assert shown_hour(all_hours) == f"all hours · {written.trips():,} trips"


def test_the_address_names_the_hour_that_is_shown(eight_o_clock: str, written: Written) -> None:
    assert shown_hour(eight_o_clock) == f"31 Jan 08:00\u201309:00 · {written.trips(8):,} trips"


def test_an_hour_has_other_cells_than_the_whole(all_hours: str, eight_o_clock: str) -> None:
    assert attributes(all_hours, "image")["href"] != attributes(eight_o_clock, "image")["href"]


def test_the_play_button_goes_through_the_hours(browse: Browse, written: Written) -> None:
    playing = written.path.with_name("playing.html")
    click = "<script>document.getElementById('play').click()</script></body>"
    playing.write_text(written.path.read_text(encoding="utf-8").replace("</body>", click), encoding="utf-8")
    page = browse(playing.as_uri())
    assert re.match("31 Jan 0[0-9]:00\u2013", shown_hour(page))
    assert re.search(r'<button id="play"[^>]*aria-pressed="true"[^>]*>Pause<', page)


def test_a_page_without_counts_still_has_its_lines(browse: Browse, tmp_path: Path) -> None:
    write(tmp_path / "page.html", demand=[], durations=[duration(8, 60, 30), duration(9, 80, 40)])
    assert '<g class="trace scatter ' in browse((tmp_path / "page.html").as_uri())


def test_a_page_without_airport_trips_still_has_its_map(browse: Browse, tmp_path: Path) -> None:
    write(tmp_path / "page.html", demand=[demand(8, 3), demand(9, 4, cell=GRAND_CENTRAL)], durations=[])
    page = browse((tmp_path / "page.html").as_uri())
    assert '<g class="hm"><image ' in page
    assert shown_hour(page) == "whole day · 7 trips"


def test_the_map_can_be_seen(browse: Browse, written: Written, tmp_path: Path) -> None:
    """In a narrow window the map is alone below the controls: what is reddish there are cells."""
    picture = tmp_path / "page.png"
    browse(written.path.as_uri(), "--window-size=500,800", f"--screenshot={picture}")
    rows = pixels(picture)
    reddish = Counter(pixel for row in rows[len(rows) // 2 :] for pixel in row if pixel[0] - pixel[1] > 30)
    assert sum(reddish.values()) > 2_000
    assert len(reddish) > 20


def pixels(picture: Path) -> list[list[tuple[int, ...]]]:
    """Rows of (red, green, blue) of a PNG with 8 bits a colour, not interlaced: what browsers write."""
    data, start = picture.read_bytes(), 8
    chunks: defaultdict[bytes, bytes] = defaultdict(bytes)
    while start < len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        chunks[kind] += data[start + 8 : start + 8 + length]
        start += 12 + length
    width, height, bits, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (bits, chunks[b"IHDR"][12]) == (8, 0)
    size = {2: 3, 6: 4}[colours]
    raw, line = zlib.decompress(chunks[b"IDAT"]), bytearray(width * size)
    rows = []
    for row in range(height):
        first = row * (width * size + 1)
        line = unfiltered(raw[first], raw[first + 1 : first + 1 + width * size], above=line, size=size)
        rows.append([tuple(line[left : left + 3]) for left in range(0, len(line), size)])
    return rows


def unfiltered(kind: int, line: bytes, *, above: bytearray, size: int) -> bytearray:
    """A line of a PNG, whose bytes are differences from a guess: none, left, up, their mean, or Paeth's."""
    done = bytearray(line)
    if kind == 0:
        return done
    for index, up in enumerate(above):
        left, corner = (done[index - size], above[index - size]) if index >= size else (0, 0)
        guess = paeth(left, up, corner) if kind == 4 else (left, up, (left + up) // 2)[kind - 1]
        done[index] = (done[index] + guess) & 255
    return done


def paeth(left: int, up: int, corner: int) -> int:
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
