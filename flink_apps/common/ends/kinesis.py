"""Streams of Amazon Kinesis Data Streams."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flink_apps.common.aws import KINESIS_ENDPOINT, REGION_PATTERN, read_region
from flink_apps.common.options import Option, Type, choice, matching
from flink_apps.common.properties import PropertyGroups
from flink_apps.common.tables import JSON, SOURCE_PARTITION, SOURCE_POSITION, Column, Connector, Format


@dataclass(frozen=True)
class StreamArn:
    """The ARN of a stream, in any AWS partition."""

    text: str
    region: str
    stream_name: str

    @classmethod
    def parse(cls, text: str) -> StreamArn:
        """Parse an ARN, or raise a ``ValueError``."""
        match = re.fullmatch(rf"arn:aws[a-z-]*:kinesis:({REGION_PATTERN}):[0-9]{{12}}:stream/([\w.-]{{1,128}})", text)
        if match is None:
            raise ValueError
        return cls(text=text, region=match[1], stream_name=match[2])


NAME = matching(
    r"[a-zA-Z0-9_.-]{1,128}",
    values="the name of a Kinesis stream: 1 to 128 letters, digits, '_', '.' or '-'",
    example="trips",
    fix="write the name, not the ARN",
)
ARN: Type[StreamArn] = Type(
    values="the ARN of a Kinesis stream",
    example="arn:aws:kinesis:eu-west-1:123456789012:stream/trips",
    parse=StreamArn.parse,
    write=lambda arn: arn.text,
    fix=lambda _: "write arn:<partition>:kinesis:<region>:<account>:stream/<name>",
)
#: Where a start without a checkpoint begins to read: at the oldest record, or at the records that come from now on.
OLDEST, NEXT = "TRIM_HORIZON", "LATEST"
INITIAL_POSITION = choice(OLDEST, NEXT, fix=f"{OLDEST} leaves out nothing that the stream still holds")
#: The meaning of an option of this type.
INITIAL_POSITION_MEANING = (
    f"where a start without a checkpoint begins: {OLDEST} (the oldest record) or {NEXT} (new records only)"
)


@dataclass(frozen=True, kw_only=True)
class KinesisStream:
    """A stream to read or to write. ``options`` are options of the connector, which override those set here."""

    name: str
    region: str
    #: Names a stream of another account; without it, the stream is one of the application's own account.
    arn: str | None = None
    initial_position: str = OLDEST
    endpoint: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def source(self, table: str, *, record_format: Format) -> Connector:
        """The source table; a start without a checkpoint begins at ``initial_position``."""
        return Connector(
            table=table,
            options={
                **self._connection(),
                "source.init.position": self.initial_position,
                **record_format.as_options(),
                **self.options,
            },
            metadata=(
                Column(SOURCE_PARTITION, "STRING NOT NULL METADATA FROM 'shard-id' VIRTUAL"),
                Column(SOURCE_POSITION, "STRING NOT NULL METADATA FROM 'sequence-number' VIRTUAL"),
            ),
        )

    def sink(self, table: str, *, key: str | None, record_format: Format = JSON) -> Connector:
        """The sink table; it writes at least once, with the column ``key`` as partition key, or random keys."""
        return Connector(
            table=table,
            partitioned_by=(key,) if key else (),
            options={**self._connection(), **record_format.as_options(), **self.options},
        )

    def _connection(self) -> dict[str, str]:
        endpoint = {"aws.endpoint": self.endpoint} if self.endpoint else {}
        stream = {"stream.arn": self.arn} if self.arn else {"stream.name": self.name}
        return {"connector": "kinesis", **stream, "aws.region": self.region, **endpoint}


@dataclass(frozen=True, kw_only=True)
class KinesisOptions:
    """The keys under which a scenario names a stream, by its name or ARN, and configures its use."""

    stream: Option[str] | Option[StreamArn]
    #: Optional for a stream that is named by its ARN.
    region: Option[str] | None = None
    initial_position: Option[str] | None = None

    @property
    def named_by_arn(self) -> bool:
        """Whether the option has the stream's ARN, not its name."""
        return self.stream.type is ARN

    def all(self) -> tuple[Option[str] | Option[StreamArn], ...]:
        """Every option, in the order of a table."""
        more = tuple(option for option in (self.region, self.initial_position) if option)
        return (self.stream, *more)

    def find(self, groups: PropertyGroups, *, options: Mapping[str, str] | None = None) -> KinesisStream | None:
        """The stream, or ``None`` if none is named."""
        return self.read(groups, options=options) if self.stream.is_set(groups) else None

    def read(self, groups: PropertyGroups, *, options: Mapping[str, str] | None = None) -> KinesisStream:
        """The stream.

        Raises:
            SettingsError: None is named.

        """
        stream = self.stream.read(groups)
        return KinesisStream(
            name=stream.stream_name if isinstance(stream, StreamArn) else stream,
            arn=stream.text if isinstance(stream, StreamArn) else None,
            region=self._region(groups, stream),
            initial_position=self.initial_position.read(groups) if self.initial_position else OLDEST,
            endpoint=KINESIS_ENDPOINT.find(groups),
            options=dict(options or {}),
        )

    def _region(self, groups: PropertyGroups, stream: StreamArn | str) -> str:
        """The named region, or else the ARN's, or else the application's."""
        named = self.region.find(groups) if self.region else None
        if named is None and isinstance(stream, StreamArn):
            return stream.region
        return named or read_region(self.region, groups)
