"""Tables as SQL: columns, formats, and what a ``CREATE TABLE`` statement is made of. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from flink_apps.common.sql import literal


@dataclass(frozen=True)
class Column:
    """A column: its name and SQL type."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a record is written: the format's name in SQL and its options, which carry the name as their prefix."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    def having(self, **options: str) -> Format:
        """The same with more options, whose names are written with underscores: ``max_bytes="1"``."""
        more = {f"{self.name}.{option.replace('_', '-')}": value for option, value in options.items()}
        return replace(self, options={**self.options, **more})

    def as_options(self, prefix: str = "") -> dict[str, str]:
        """The options of a table with this format; Kafka's tables want the prefix ``value.``."""
        return {f"{prefix}format": self.name, **{f"{prefix}{key}": value for key, value in self.options.items()}}


#: Every job writes JSON alike: local date-times as ISO-8601.
JSON = Format(name="json", options={"json.timestamp-format.standard": "ISO-8601"})
#: The same without the fields that are NULL.
JSON_WITHOUT_NULLS = replace(JSON, options={**JSON.options, "json.encode.ignore-null-fields": "true"})
#: JSON that keeps the bytes it came from, and says what is wrong with them: see flink_apps/connectors/json.
RAW_JSON = Format(name="json-raw")
#: JSON objects, one a line, in files that are complete at each checkpoint: see flink_apps/connectors/json.
JSON_LINES = Format(name="json-lines")
#: Hundreds of files, one a partition, are open at a time: each has a buffer of a page, a megabyte by default.
PARQUET = Format(
    name="buffered-parquet",
    options={
        "buffered-parquet.compression": "SNAPPY",
        "buffered-parquet.page.size": str(64 * 1024),
        "buffered-parquet.block.size": str(16 * 1024 * 1024),
    },
)

#: When the stream or topic got a record: a column that its sources have besides those of the record.
ARRIVAL = Column("arrival", "TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL")
#: Where a record came from, whatever the source: the shard or partition, and the position in it.
SOURCE_PARTITION, SOURCE_POSITION = "source_partition", "source_position"


class Output(NamedTuple):
    """What a table of a sink has in it: its columns, and the SQL expression of each."""

    columns: tuple[Column, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A table without its columns: the job says what is in it, the connector where it is."""

    table: str
    options: Mapping[str, str]
    partitioned_by: tuple[str, ...] = field(default=())
    #: Columns that the connector itself adds to what is in it, such as a record's position.
    metadata: tuple[Column, ...] = field(default=())

    def with_options(self, options: Mapping[str, str]) -> Connector:
        """The same with more options, which win."""
        return replace(self, options={**self.options, **options})

    def with_metadata(self, *columns: Column) -> Connector:
        """The same with more columns of the connector's own."""
        return replace(self, metadata=(*self.metadata, *columns))

    def create_table(self, columns: tuple[Column, ...]) -> str:
        """The ``CREATE TABLE`` statement."""
        fields = ", ".join(f"`{column.name}` {column.type}" for column in (*columns, *self.metadata))
        partition = (
            f" PARTITIONED BY ({', '.join(f'`{key}`' for key in self.partitioned_by)})" if self.partitioned_by else ""
        )
        options = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in self.options.items())
        return f"CREATE TABLE `{self.table}` ({fields}){partition} WITH ({options})"
