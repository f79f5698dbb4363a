"""What makes a record bad: by its bytes, by its values, or for one of the sinks. As SQL, which the JVM evaluates."""

from __future__ import annotations

from flink_apps.common import taxi_trip, watermark_event
from flink_apps.common.dead_letters import ERROR_CODE, RAW
from flink_apps.common.ends.kafka import HEADERS, LARGEST_MESSAGE_BYTES
from flink_apps.common.rules import Rule
from flink_apps.common.sql import literal
from flink_apps.common.tables import RAW_JSON, Format
from flink_apps.common.taxi_zones import FIRST_ZONE, LAST_ZONE
from flink_apps.streaming_etl.settings import Settings

#: A stream's record has at most a mebibyte including its key, a topic's message including its headers.
LARGEST_STREAM_RECORD_BYTES = 1_000_000
#: What a message has beside the record: headers, a key, and what Kafka adds.
_REST_OF_A_MESSAGE = LARGEST_MESSAGE_BYTES - LARGEST_STREAM_RECORD_BYTES
#: The least that a producer has to send, for trips to pass.
LEAST_MESSAGE_BYTES = 2 * _REST_OF_A_MESSAGE
#: The most characters of the headers that go along into a topic, as text: at four bytes each, with the record they fit.
LARGEST_HEADERS = 10_000

TRIP_RULES = (
    *taxi_trip.FIELD_RULES,
    *(
        Rule(f"{zone} must be {FIRST_ZONE} to {LAST_ZONE}", f"{zone} NOT BETWEEN {FIRST_ZONE} AND {LAST_ZONE}")
        for zone in ("pickup_location_id", "dropoff_location_id")
    ),
    *taxi_trip.TIME_RULES,
    *(
        Rule(f"{number} must not be negative", f"{number} < 0")
        # Amounts may be negative: a refund is a trip with negative amounts.
        for number in ("passenger_count", "trip_distance")
    ),
)


def record_format(settings: Settings) -> Format:
    """The format of the source. It refuses records that are no trips, or too large for a stream or topic."""
    surcharges = (column.name for column in taxi_trip.SURCHARGES)
    optional = (*taxi_trip.OPTIONAL, *taxi_trip.NOT_FOR_HIRE, *surcharges)
    trips = RAW_JSON.having(optional_columns=";".join(optional))
    if settings.kinesis or settings.kafka:
        largest = (
            settings.kafka.max_request_size - _REST_OF_A_MESSAGE if settings.kafka else LARGEST_STREAM_RECORD_BYTES
        )
        return trips.having(max_bytes=str(min(largest, LARGEST_STREAM_RECORD_BYTES)))
    return trips


def rules(settings: Settings) -> tuple[Rule, ...]:
    """The rules for a trip."""
    types = settings.trip_types
    # It names the index in OpenSearch. An index for whatever a producer sends would use up the cluster's shards.
    known = Rule(f"type must be one of {', '.join(types)}", f"type NOT IN ({', '.join(map(literal, types))})")
    rules = (*TRIP_RULES, known)
    if settings.copies_headers:
        large = f"CARDINALITY({HEADERS.name}) > 0 AND CHAR_LENGTH(CAST({HEADERS.name} AS STRING)) > {LARGEST_HEADERS}"
        return (*rules, Rule(f"headers must be at most {LARGEST_HEADERS:,} characters long", large))
    return rules


def is_dead_letter() -> str:
    """The SQL condition that a record is a dead letter: bad, and not a watermark event."""
    no_watermark = watermark_event.is_none(raw=f"`{RAW.name}`", error_code=ERROR_CODE.name)
    return f"reason IS NOT NULL AND {no_watermark}"
