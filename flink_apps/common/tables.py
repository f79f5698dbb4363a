"""Tables as SQL: columns, formats, connectors and their ``CREATE TABLE`` statement. Standard library only."""

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
    """The format of a record: its name in SQL, and its options, whose keys have the name as their prefix."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    def having(self, **options: str) -> Format:
        """The same format with more options; an underscore stands for a dash in their names: ``max_bytes="1"``."""
        more = {f"{self.name}.{option.replace('_', '-')}": value for option, value in options.items()}
        return replace(self, options={**self.options, **more})

    def as_options(self, prefix: str = "") -> dict[str, str]:
        """The options of a table with this format; tables of Kafka need the prefix ``value.``."""
        return {f"{prefix}format": self.name, **{f"{prefix}{key}": value for key, value in self.options.items()}}


#: JSON as every job writes it: local date-times are ISO-8601.
JSON = Format(name="json", options={"json.timestamp-format.standard": "ISO-8601"})
#: The same, without fields that are NULL.
JSON_WITHOUT_NULLS = replace(JSON, options={**JSON.options, "json.encode.ignore-null-fields": "true"})
#: JSON that keeps the record's bytes, and reports their errors in columns: see flink_apps/connectors/json.
RAW_JSON = Format(name="json-raw")
#: JSON objects, one per line, in files that are complete at each checkpoint: see flink_apps/connectors/json.
JSON_LINES = Format(name="json-lines")
#: Hundreds of files, one per partition, are open at a time. Each has a page buffer, by default of a megabyte.
PARQUET = Format(
    name="buffered-parquet",
    options={
        "buffered-parquet.compression": "SNAPPY",
        "buffered-parquet.page.size": str(64 * 1024),
        "buffered-parquet.block.size": str(16 * 1024 * 1024),
    },
)

#: The time of the record in the stream or topic: a column that the source adds. See :class:`Arrival`.
ARRIVAL = Column("arrival", "TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL")
#: The same for a file, in place of that: when it was written.
FILE_ARRIVAL = Column(ARRIVAL.name, "TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'file.modification-time' VIRTUAL")
#: The origin of a record in any source: the shard or partition, and the position in it.
SOURCE_PARTITION, SOURCE_POSITION = "source_partition", "source_position"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When a record arrived, by another clock than its producer's: the columns that this needs, and the SQL."""

    columns: tuple[Column, ...] = (ARRIVAL,)
    time: str = f"`{ARRIVAL.name}`"


#: The time attribute of a table in event time.
ROWTIME = "rowtime"


#: The first of January of the year 1, in milliseconds since 1970.
_BEFORE_ALL_TIMES = -62_135_596_800_000


@dataclass(frozen=True, kw_only=True)
class EventTime:
    """The event time of a table, whose watermark its source keeps for each shard or partition.

    Flink's own idleness timeout, ``table.exec.source.idle-timeout``, says how long a silent one is waited for.
    """

    #: SQL: BIGINT, milliseconds since 1970; NULL for a record that does not advance the watermark.
    millis: str
    #: Bounded out-of-orderness: how far the watermark is behind the latest record.
    out_of_order_millis: int

    def as_sql(self) -> str:
        """The time attribute and its watermark, which is always before the records that may still come."""
        # A record without a time, too, shows that its shard or partition is not idle. For Flink only a watermark does.
        watermark = f"COALESCE(({self.millis}) - {self.out_of_order_millis + 1}, {_BEFORE_ALL_TIMES})"
        return (
            f"`{ROWTIME}` AS TO_TIMESTAMP_LTZ(COALESCE({self.millis}, 0), 3), "
            f"WATERMARK FOR `{ROWTIME}` AS TO_TIMESTAMP_LTZ({watermark}, 3)"
        )


class Output(NamedTuple):
    """The contents of a sink's table: its columns, and the SQL expression of each."""

    columns: tuple[Column, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A table without its columns. The job declares the columns, the connector the location."""

    table: str
    options: Mapping[str, str]
    partitioned_by: tuple[str, ...] = field(default=())
    #: Columns that the connector adds, such as a record's position.
    metadata: tuple[Column, ...] = field(default=())
    #: When a record of a source arrived; :meth:`with_arrival` adds its columns.
    arrival: Arrival = field(default=Arrival())

    def with_options(self, options: Mapping[str, str]) -> Connector:
        """The same connector with more options, which override its own."""
        return replace(self, options={**self.options, **options})

    def with_metadata(self, *columns: Column) -> Connector:
        """The same connector with more columns that it adds."""
        return replace(self, metadata=(*self.metadata, *columns))

    def with_arrival(self) -> Connector:
        """The same connector with the columns of ``arrival``."""
        return self.with_metadata(*self.arrival.columns)

    def create_table(self, columns: tuple[Column, ...], *, event_time: EventTime | None = None) -> str:
        """The ``CREATE TABLE`` statement."""
        fields = ", ".join(
            [
                *(f"`{column.name}` {column.type}" for column in (*columns, *self.metadata)),
                *([event_time.as_sql()] if event_time else []),
            ]
        )
        partition = (
            f" PARTITIONED BY ({', '.join(f'`{key}`' for key in self.partitioned_by)})" if self.partitioned_by else ""
        )
        options = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in self.options.items())
        return f"CREATE TABLE `{self.table}` ({fields}){partition} WITH ({options})"
