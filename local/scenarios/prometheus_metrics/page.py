"""A page that shows what the Prometheus scenario wrote: CPU and memory of all instances over time, and their averages.

One HTML file that needs no network: Plotly's script and the numbers are in it, as in the page of the taxis.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import chain
from pathlib import Path

import plotly.graph_objects as go

from flink_apps.prometheus_metrics.schema import INSTANCE, METRICS
from local import page
from local.services.prometheus import Series

_FOLDER = Path(__file__).parent
_EPOCH = datetime.fromtimestamp(0, UTC)
#: A chart has at most so many points on a line; what lies between two of them is averaged.
POINTS = 240
#: Steps that a reader knows, up to those that 240 of which are a day.
_STEPS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600))


@dataclass(frozen=True, kw_only=True)
class MetricSummary:
    """A metric in figures."""

    series: int
    samples: int
    average: float
    lowest: float
    highest: float


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the page shows, in figures."""

    instances: int
    samples: int
    """Of all metrics."""
    seconds: float
    """From the first sample to the last."""
    metrics: dict[str, MetricSummary]
    """By name; a metric without samples is missing."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The lines of a metric: a value for each step, or none where no sample came."""

    step: timedelta
    times: list[datetime]
    """When each step begins."""
    instances: dict[str, list[float | None]]
    """Means of an instance's samples."""
    average: list[float | None]
    """The mean over the instances that have samples in the step, whatever the number of each."""


def write(path: Path, *, series: Iterable[Series], title: str = "CPU and memory of the instances") -> Summary:
    """Write the page.

    Args:
        path: The file to write.
        series: Those of the job, CPU and memory, with all their samples; either may be missing.
        title: The heading.

    Raises:
        ValueError: for a series that is not as the job writes it.

    """
    by_metric = series_by_metric(series)
    summary = summarize(by_metric)
    moments = [at for one in chain(*map(dict.values, by_metric.values())) for at, _ in one.samples]
    figures: list[str] = []
    drawn: list[str] = []
    for metric in METRICS:
        if metric not in by_metric:
            figures.append(page.nothing(metric, f"No samples came: the series {metric} is empty."))
            continue
        lines = chart(by_metric[metric], start=min(moments), step=step_of(max(moments) - min(moments)))
        figures.append(_section(metric, page.html(_figure(lines), metric.lower(), scripted=not drawn), lines))
        drawn.append(metric.lower())
    if summary.metrics:
        figures.append(_table(summary))
    written = page.page(
        title=title,
        totals=_totals(summary),
        figures=figures,
        data=json.dumps({"charts": drawn}),
        script=page.part("metrics.js", folder=_FOLDER),
        style=page.part("page.css") + page.part("metrics.css", folder=_FOLDER),
    )
    path.write_text(written, encoding="utf-8")
    return summary


def series_by_metric(series: Iterable[Series]) -> dict[str, dict[str, Series]]:
    """The series that have samples by metric and instance."""
    found: dict[str, dict[str, Series]] = {}
    for one in series:
        instance = one.labels.get(INSTANCE)
        if one.metric not in METRICS:
            raise ValueError(f"'series' must be of {' or '.join(METRICS)} (got {one.metric!r}); select these")
        if instance is None:
            raise ValueError(f"'{INSTANCE}' must be a label of each series (got {dict(one.labels)}); select the job's")
        if not one.samples:
            continue
        instances = found.setdefault(one.metric, {})
        if instance in instances:
            raise ValueError(f"'series' must have {one.metric} of {instance!r} once (got it twice); merge its samples")
        instances[instance] = one
    return found


def summarize(by_metric: Mapping[str, Mapping[str, Series]]) -> Summary:
    """Count what is there."""
    metrics = {}
    for metric in METRICS:
        values = [value for one in by_metric.get(metric, {}).values() for _, value in one.samples]
        if values:
            metrics[metric] = MetricSummary(
                series=len(by_metric[metric]),
                samples=len(values),
                average=math.fsum(values) / len(values),
                lowest=min(values),
                highest=max(values),
            )
    moments = [at for instances in by_metric.values() for one in instances.values() for at, _ in one.samples]
    return Summary(
        instances=len({instance for instances in by_metric.values() for instance in instances}),
        samples=len(moments),
        seconds=(max(moments) - min(moments)).total_seconds() if moments else 0.0,
        metrics=metrics,
    )


def step_of(length: timedelta) -> timedelta:
    """The shortest step, one second or more, of which a time has no more than a line has points."""
    fitting = (step for step in _STEPS if length // step < POINTS)
    return next(fitting, timedelta(seconds=math.ceil(length.total_seconds() / (POINTS - 1))))


def chart(instances: Mapping[str, Series], *, start: datetime, step: timedelta) -> Chart:
    """Average samples over steps that begin at whole multiples of their length; the first one holds ``start``."""
    first = (start - _EPOCH) // step
    sums: dict[str, dict[int, list[float]]] = {}
    for instance, one in instances.items():
        by_step: dict[int, list[float]] = defaultdict(list)
        for at, value in one.samples:
            by_step[(at - _EPOCH) // step - first].append(value)
        sums[instance] = by_step
    steps = range(max(chain(*sums.values()), default=-1) + 1)
    lines = {instance: [_mean(sums[instance].get(number, [])) for number in steps] for instance in _ordered(sums)}
    return Chart(
        step=step,
        times=[_EPOCH + (first + number) * step for number in steps],
        instances=lines,
        average=[
            _mean([value for value in values if value is not None]) for values in zip(*lines.values(), strict=True)
        ],
    )


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _ordered(instances: Iterable[str]) -> list[str]:
    """Numbers by their size, and other names after them."""
    return sorted(instances, key=lambda name: (0, int(name), name) if name.isdecimal() else (1, 0, name))


def _figure(lines: Chart) -> go.Figure:
    times = [f"{at:%Y-%m-%dT%H:%M:%S}" for at in lines.times]
    x: list[str | None] = []
    y: list[float | None] = []
    names: list[str | None] = []
    for instance, values in lines.instances.items():
        # All instances are one trace, as a trace each would be slow; the gap between two is a point that is none. A
        # step without a sample is no gap: an instance has its samples now and then.
        found = [(at, value) for at, value in zip(times, values, strict=True) if value is not None]
        x += [*(at for at, _ in found), None]
        y += [*(round(value, 4) for _, value in found), None]
        names += [*(instance for _ in found), None]
    figure = go.Figure()
    figure.add_scatter(
        name="instances",
        x=x,
        y=y,
        text=names,
        hovertemplate="instance %{text}: %{y:.0%}<extra></extra>",
        mode="lines+markers" if max(map(len, lines.instances.values())) == 1 else "lines",
        connectgaps=False,
        line={"width": 1},
    )
    figure.add_scatter(
        name="average",
        x=times,
        y=[None if value is None else round(value, 4) for value in lines.average],
        hovertemplate="<b>average: %{y:.0%}</b><extra></extra>",
        mode="lines+markers",
        connectgaps=True,
        line={"width": 4},
        marker={"size": 5},
    )
    figure.update_layout(
        xaxis={"title": {"text": "time (UTC)"}, "type": "date", "zeroline": False},
        yaxis={"range": [0, 1.02], "tickformat": ".0%", "zeroline": False},
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        margin={"l": 55, "r": 10, "t": 40, "b": 50},
    )
    return figure


def _section(metric: str, figure: str, lines: Chart) -> str:
    seconds = lines.step.total_seconds()
    each = "a second" if seconds == 1 else f"{seconds:g} seconds"
    return f"""<section aria-labelledby="{metric}-heading">
<h2 id="{metric}-heading">{metric}</h2>
<p>A thin line is an instance, the thick one the average of all; a point is the mean of {each}.</p>
<div class="lines" role="img" aria-label="{metric} of all instances and their average over time">{figure}</div>
</section>"""


def _totals(summary: Summary) -> str:
    entries = [
        ("samples", f"{summary.samples:,}"),
        ("instances", f"{summary.instances:,}"),
        ("seconds", f"{summary.seconds:,.0f}"),
        *((f"{metric} on average", f"{found.average:.1%}") for metric, found in summary.metrics.items()),
    ]
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in entries)


def _table(summary: Summary) -> str:
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("metric", "series", "samples", "average", "lowest", "highest")
    )
    rows = "".join(
        f'<tr><th scope="row">{metric}</th><td>{found.series:,}</td><td>{found.samples:,}</td>'
        f"<td>{found.average:.1%}</td><td>{found.lowest:.1%}</td><td>{found.highest:.1%}</td></tr>"
        for metric, found in summary.metrics.items()
    )
    return f"""<section class="wide" aria-labelledby="samples">
<h2 id="samples">Samples by metric</h2>
<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
</section>"""
