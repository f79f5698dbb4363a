"""The page of the Prometheus scenario: its figures, and what a browser makes of it without a network."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from local.scenarios.prometheus_metrics.page import (
    POINTS,
    MetricSummary,
    Summary,
    chart,
    series_by_metric,
    step_of,
    summarize,
    write,
)
from local.services.prometheus import Series
from tests.local.browser import browse

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def of(metric: str, instance: str, *samples: tuple[float, float]) -> Series:
    """A series of samples: seconds after noon, and values."""
    return Series(
        labels={"__name__": metric, "InstanceId": instance},
        samples=tuple((NOON + seconds * SECOND, value) for seconds, value in samples),
    )


def charted(*series: Series, step: timedelta = SECOND) -> list[float | None]:
    return chart(series_by_metric(series)["CPU"], start=NOON, step=step).average


# What the figures are


def test_a_summary_counts_series_samples_and_instances() -> None:
    found = summarize(
        series_by_metric([of("CPU", "1", (0, 0.25), (4, 0.75)), of("CPU", "2", (1, 0.5)), of("Memory", "2", (9.5, 1))])
    )
    assert found == Summary(
        instances=2,
        samples=4,
        seconds=9.5,
        metrics={
            "CPU": MetricSummary(series=2, samples=3, average=0.5, lowest=0.25, highest=0.75),
            "Memory": MetricSummary(series=1, samples=1, average=1, lowest=1, highest=1),
        },
    )


def test_a_line_has_the_mean_of_an_instances_samples_in_each_step() -> None:
    found = chart(series_by_metric([of("CPU", "1", (0, 0.2), (0.9, 0.4), (2, 1))])["CPU"], start=NOON, step=SECOND)
    assert found.instances["1"] == pytest.approx([0.3, None, 1])
    assert found.times == [NOON, NOON + SECOND, NOON + 2 * SECOND]


def test_the_average_is_that_of_the_instances_and_not_that_of_the_samples() -> None:
    busy = of("CPU", "1", *((seconds / 10, 1.0) for seconds in range(9)))
    assert charted(busy, of("CPU", "2", (0.5, 0.0))) == [0.5]


def test_an_instance_without_a_sample_in_a_step_does_not_lower_the_average() -> None:
    assert charted(of("CPU", "1", (0, 0.5), (1, 0.5)), of("CPU", "2", (1, 1.0))) == [0.5, 0.75]


def test_a_step_in_which_nothing_came_has_no_average() -> None:
    assert charted(of("CPU", "1", (0, 0.5), (2, 0.5))) == [0.5, None, 0.5]


def test_steps_begin_at_whole_multiples_of_their_length() -> None:
    found = chart({"1": of("CPU", "1", (13, 0.5))}, start=NOON + 13 * SECOND, step=10 * SECOND)
    assert found.times == [NOON + 10 * SECOND]


def test_instances_are_in_the_order_of_their_numbers() -> None:
    found = series_by_metric(of("CPU", name, (0, 0.5)) for name in ("10", "web", "9"))
    assert list(chart(found["CPU"], start=NOON, step=SECOND).instances) == ["9", "10", "web"]


@pytest.mark.parametrize(("seconds", "step"), [(0, 1), (30, 1), (239, 1), (240, 2), (3600, 30), (86_400, 600)])
def test_a_longer_time_has_longer_steps(seconds: int, step: int) -> None:
    assert step_of(seconds * SECOND) == step * SECOND


def test_a_very_long_time_has_no_more_points_than_others() -> None:
    week = timedelta(days=7)
    assert week // step_of(week) < POINTS


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([of("Disk", "1", (0, 1))], r"'series' must be of CPU or Memory \(got 'Disk'\)"),
        ([Series(labels={"__name__": "CPU"}, samples=())], r"'InstanceId' must be a label of each series \(got "),
        ([of("CPU", "1", (0, 1)), of("CPU", "1", (1, 1))], r"must have CPU of '1' once"),
    ],
)
def test_a_series_that_the_job_cannot_have_written_is_refused(series: list[Series], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        series_by_metric(series)


# What is in the file


def test_an_empty_page_says_that_nothing_came(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert write(page, series=[]) == Summary(instances=0, samples=0, seconds=0, metrics={})
    text = page.read_text(encoding="utf-8")
    assert "the series CPU is empty" in text
    assert "the series Memory is empty" in text


def test_a_chart_says_what_its_points_are_means_of(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, series=[of("CPU", "1", (0, 0.5), (3600, 0.5)), of("Memory", "1", (0, 0.5))])
    assert page.read_text(encoding="utf-8").count("a point is the mean of 30 seconds") == 2


def test_a_title_is_text_and_no_markup(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, series=[], title="CPU <b>& more</b>")
    assert "<h1>CPU &lt;b&gt;&amp; more&lt;/b&gt;</h1>" in page.read_text(encoding="utf-8")


def test_a_name_of_an_instance_is_text_and_no_markup(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, series=[of("CPU", "</script><script>alert(1)</script>", (0, 0.5))])
    assert "<script>alert(1)" not in page.read_text(encoding="utf-8")


# What a browser shows

INSTANCES = 60
SECONDS = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    """A page of as many instances as the scenario has, whose samples come every other second."""
    page = folder / "page.html"
    samples = [
        of(
            metric,
            str(instance),
            *((second, (instance * 7 + second * 13) % 100 / 100) for second in range(0, SECONDS, 2)),
        )
        for metric in ("CPU", "Memory")
        for instance in range(INSTANCES)
    ]
    write(page, series=samples)
    return page


@pytest.fixture(scope="module")
def shown(written: Path, folder: Path) -> str:
    return browse(written.as_uri(), profile=folder / "profile")


def widths(page: str) -> list[str]:
    """Of the lines that are drawn, in their order; those of the legend are left out."""
    drawn = re.findall(r'<path class="js-line" d="([^"]*)"[^>]*stroke-width: (\d+)px', page)
    return [width for path, width in drawn if path != "M5,0h30"]


def test_the_page_loads_nothing(written: Path) -> None:
    loaded: list[str] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            loaded.extend(f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href"))

    Elements().feed(written.read_text(encoding="utf-8"))
    assert loaded == []


def test_each_metric_has_a_chart_of_instances_and_their_average(shown: str) -> None:
    assert re.findall(r'<text class="legendtext"[^>]*>(\w+)<', shown) == ["instances", "average"] * 2


def test_there_is_a_thin_line_for_each_instance_and_a_thick_one_for_the_average(shown: str) -> None:
    assert widths(shown) == [*(["1"] * INSTANCES), "4"] * 2


def test_the_totals_are_those_of_all_series(shown: str) -> None:
    totals = dict(re.findall(r"<div><dt>([^<]*)</dt><dd>([^<]*)</dd></div>", shown))
    assert (totals["samples"], totals["instances"], totals["seconds"]) == ("1,800", "60", "28")


def test_the_table_has_the_samples_of_each_metric(shown: str) -> None:
    rows = re.findall(r'<tr><th scope="row">(\w+)</th><td>([^<]*)</td><td>([^<]*)</td>', shown)
    assert rows == [("CPU", "60", "900"), ("Memory", "60", "900")]


def test_a_page_of_one_metric_shows_that_one(folder: Path) -> None:
    page = folder / "memory.html"
    write(page, series=[of("Memory", "1", (0, 0.5), (1, 0.6))])
    text = browse(page.as_uri(), profile=folder / "profile")
    assert widths(text) == ["1", "4"]
    assert "the series CPU is empty" in text


def test_a_single_sample_can_be_seen(folder: Path) -> None:
    page = folder / "single.html"
    write(page, series=[of("CPU", "1", (0, 0.5))])
    assert len(re.findall(r'<path class="point"', browse(page.as_uri(), profile=folder / "profile"))) == 2
