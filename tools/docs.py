"""The tables in the READMEs, from the code: ``python -m tools.docs`` writes them anew.

A README marks the place of a table with ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from flink_apps.common import tables
from flink_apps.common.properties import Property
from flink_apps.data_generator import settings as data_generator
from flink_apps.data_generator.records import RECORD_TYPES, RecordType
from flink_apps.lottery import settings as lottery
from flink_apps.prometheus_metrics import settings as prometheus_metrics
from flink_apps.replay import settings as replay
from flink_apps.streaming_etl import settings as streaming_etl
from flink_apps.taxi_analytics import settings as taxi_analytics
from stacks.config import ScenarioConfig
from stacks.data_generator import DataGeneratorConfig
from stacks.lottery import LotteryConfig
from stacks.project import ROOT
from stacks.prometheus_metrics import PrometheusMetricsConfig
from stacks.streaming_etl import StreamingEtlConfig
from stacks.taxi_analytics import TaxiAnalyticsConfig

_MARKED = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def properties_table(properties: Iterable[Property], passed_on: Mapping[str, str]) -> str:
    """The property groups of a job."""
    rows = [
        (f"`{prop.group}`", f"`{prop.key}`", f"`{prop.default}`" if prop.default else "", prop.meaning)
        for prop in properties
    ]
    rows += [(f"`{group}`", "any other key", "", f"goes to {taker} as it is") for group, taker in passed_on.items()]
    return _table(("group", "key", "default", "meaning"), sorted(rows, key=lambda row: row[0]))


def context_table(config: type[ScenarioConfig]) -> str:
    """The context block of a scenario: its own keys first."""
    own = [name for name in config.model_fields if name not in ScenarioConfig.model_fields]
    rows = []
    for name in (*own, *ScenarioConfig.model_fields):
        field = config.model_fields[name]
        default = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
        rows.append((f"`{field.alias}`", f"`{shown}`" if shown else "", str(field.description)))
    return _table(("key", "default", "meaning"), rows)


def fields_table(record_type: RecordType) -> str:
    """What the fields of a record type are."""
    return _table(("field", "what it is"), [(f"`{field.name}`", field.meaning) for field in record_type.fields])


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


TABLES: dict[Path, dict[str, Callable[[], str]]] = {
    ROOT / "flink_apps" / "data_generator" / "README.md": {
        "properties": lambda: properties_table(
            (*data_generator.PROPERTIES, tables.KINESIS_ENDPOINT), data_generator.PASSED_ON
        ),
        "context": lambda: context_table(DataGeneratorConfig),
        **{name: functools.partial(fields_table, record_type) for name, record_type in RECORD_TYPES.items()},
    },
    ROOT / "flink_apps" / "prometheus_metrics" / "README.md": {
        "properties": lambda: properties_table(prometheus_metrics.PROPERTIES, {}),
        "context": lambda: context_table(PrometheusMetricsConfig),
    },
    ROOT / "flink_apps" / "streaming_etl" / "README.md": {
        "properties": lambda: properties_table(
            (*streaming_etl.PROPERTIES, tables.KINESIS_ENDPOINT), streaming_etl.PASSED_ON
        ),
        "context": lambda: context_table(StreamingEtlConfig),
    },
    ROOT / "flink_apps" / "replay" / "README.md": {
        "properties": lambda: properties_table((*replay.PROPERTIES, *replay.PREFIXED, tables.KINESIS_ENDPOINT), {})
    },
    ROOT / "flink_apps" / "lottery" / "README.md": {
        "properties": lambda: properties_table((*lottery.PROPERTIES, tables.KINESIS_ENDPOINT), lottery.PASSED_ON),
        "context": lambda: context_table(LotteryConfig),
    },
    ROOT / "flink_apps" / "taxi_analytics" / "README.md": {
        "properties": lambda: properties_table((*taxi_analytics.PROPERTIES, tables.KINESIS_ENDPOINT), {}),
        "context": lambda: context_table(TaxiAnalyticsConfig),
    },
}


def rendered(readme: Path) -> str:
    """The text that a README should have: its own, with the tables of now."""
    writers = TABLES[readme]
    return _MARKED.sub(lambda mark: mark[1] + writers[mark[2]]() + mark[3], readme.read_text(encoding="utf-8"))


def main() -> None:
    """Write the tables anew."""
    for readme in TABLES:
        readme.write_text(rendered(readme), encoding="utf-8")


if __name__ == "__main__":
    main()
