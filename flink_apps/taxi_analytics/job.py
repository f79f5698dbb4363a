"""The pipeline: separate good trips from bad ones, count them by cell and hour, write the dead letters."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.table import StatementSet, StreamTableEnvironment

from flink_apps.common import dead_letters
from flink_apps.common.environment import insert, prepare
from flink_apps.common.event_time import kept_table, set_idleness_timeout
from flink_apps.common.tables import Column, Connector, EventTime, Output
from flink_apps.taxi_analytics import queries, rules, schema
from flink_apps.taxi_analytics.settings import Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
TRIPS = "trips"
PICKUP_COUNT, TRIP_DURATION, DEAD_LETTERS = schema.PICKUP_COUNT, schema.TRIP_DURATION, "dead_letters"

_TIMED, _GOOD, _TO_AIRPORTS, _REFUSED = "timed_trips", "good_trips", "airport_trips", "refused_trips"


def build(
    table_env: StreamTableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from ``sources["trips"]`` to the three ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)
    table_env.create_java_temporary_function("geohash", "flinkscenarios.functions.Geohash")
    _read(table_env, settings, sources[TRIPS])
    for view, query in {
        _GOOD: queries.good(_TIMED),
        _TO_AIRPORTS: queries.to_airports(_GOOD),
        _REFUSED: queries.refused(_TIMED),
    }.items():
        table_env.execute_sql(f"CREATE TEMPORARY VIEW {view} AS {query}")

    early, bad = settings.early_results_minutes, _dead_letter(settings)
    outputs: dict[str, tuple[tuple[Column, ...], str]] = {
        PICKUP_COUNT: (schema.PICKUP_COUNT_DOCUMENT, queries.pickup_count(_GOOD, early_results_minutes=early)),
        TRIP_DURATION: (
            schema.TRIP_DURATION_DOCUMENT,
            queries.trip_duration(_TO_AIRPORTS, early_results_minutes=early),
        ),
        DEAD_LETTERS: (bad.columns, f"SELECT {', '.join(bad.values)} FROM {_REFUSED}"),
    }
    for name, (columns, _) in outputs.items():
        table_env.execute_sql(sinks[name].create_table(columns))
    chosen = {sinks[name].table: query for name, (_, query) in outputs.items()}
    return insert(table_env, chosen, connectors=[sources[TRIPS], *sinks.values()])


def _read(table_env: StreamTableEnvironment, settings: Settings, source: Connector) -> None:
    """Trips, checked and in their event time."""
    record = (*schema.TRIP, dead_letters.RAW, dead_letters.ERROR, dead_letters.ERROR_CODE)
    checks = rules.rules(clock_skew_millis=settings.clock_skew_millis, arrival=source.arrival.time)
    event_time = EventTime(millis=queries.event_time(*checks), out_of_order_millis=settings.out_of_order_millis)
    set_idleness_timeout(table_env, settings.idle_millis)
    table_env.execute_sql(source.create_table(record, event_time=event_time))
    checked = table_env.sql_query(queries.checked(source.table, *checks))
    table_env.create_temporary_view(_TIMED, kept_table(table_env, checked, time="event_time"))


def _dead_letter(settings: Settings) -> Output:
    return dead_letters.output(source=settings.source.name, end=settings.dead_letters)
