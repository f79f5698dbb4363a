"""What makes a record bad: by its bytes, by its values, or for one of the sinks. As SQL, for the JVM evaluates it."""

from __future__ import annotations

from flink_apps.common import taxi_trip, watermark_event
from flink_apps.common.dead_letters import ERROR_CODE, RAW
from flink_apps.common.rules import Rule
from flink_apps.common.tables import RAW_JSON, Format
from flink_apps.common.taxi_zones import FIRST_ZONE, LAST_ZONE
from flink_apps.streaming_etl.settings import Settings

#: A record of a stream has at most a mebibyte with its key, a message of a topic with all that goes with it.
LARGEST_STREAM_RECORD_BYTES = 1_000_000

TRIP_RULES = (
    *(
        Rule(f"{zone} must be {FIRST_ZONE} to {LAST_ZONE}", f"{zone} NOT BETWEEN {FIRST_ZONE} AND {LAST_ZONE}")
        for zone in ("pickup_location_id", "dropoff_location_id")
    ),
    *taxi_trip.TIME_RULES,
    *(
        Rule(f"{number} must not be negative", f"{number} < 0")
        # Amounts of money may be: a refund is a trip with negative ones.
        for number in ("passenger_count", "trip_distance")
    ),
)
#: Where OpenSearch is a sink, the type names the index; an empty one would have the whole bulk request refused.
INDEX_RULES = (Rule("type must not be empty", "type = ''"),)


def record_format(settings: Settings) -> Format:
    """The format of the source, which refuses what is no trip, or is larger than a stream or topic takes."""
    if settings.kinesis or settings.kafka:
        return RAW_JSON.having(max_bytes=str(LARGEST_STREAM_RECORD_BYTES))
    return RAW_JSON


def rules(settings: Settings) -> tuple[Rule, ...]:
    """What a trip is refused for."""
    return (*TRIP_RULES, *INDEX_RULES) if settings.search else TRIP_RULES


def is_dead_letter() -> str:
    """The SQL condition that a record is a dead letter: not good, nor a watermark event, which is left out."""
    no_watermark = watermark_event.is_none(raw=f"`{RAW.name}`", error_code=ERROR_CODE.name)
    return f"reason IS NOT NULL AND {no_watermark}"
