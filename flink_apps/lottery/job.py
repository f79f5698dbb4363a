"""The pipeline: check the events, apply the rules in keyed state, draw each window, write the rejected events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pyflink.common import Types
from pyflink.datastream import ConnectedStreams, DataStream
from pyflink.table import Schema, StatementSet, StreamTableEnvironment

from flink_apps.common.environment import insert, prepare
from flink_apps.common.event_time import clock, kept_rows, set_idleness_timeout, stamped, timed_by
from flink_apps.common.keyed import keyed_rows, rows
from flink_apps.common.options_in_code import where_allowed
from flink_apps.common.packed import PACKED_NUMBERS, packed, unpacked
from flink_apps.common.tables import Connector, EventTime
from flink_apps.lottery import functions, queries, schema
from flink_apps.lottery.settings import BUCKETS, PROCESS, Settings

#: The names under which ``sources`` and ``sinks`` hold their tables.
LOTTERY_EVENTS, USER_EVENTS = "lottery_events", "user_events"
WINNERS, REJECTED = "winners", "rejected"
#: The fields of the events of each source.
FIELDS = {LOTTERY_EVENTS: schema.LOTTERY_EVENT, USER_EVENTS: schema.USER_EVENT}

ACCEPTED_CLICKS, REFUSED_EVENTS = "accepted_clicks", "refused_events"


def options(settings: Settings) -> dict[str, str]:
    """Flink's options for the environment that :func:`build` gets."""
    result = {"python.execution-mode": settings.execution_mode}
    if settings.execution_mode == PROCESS:
        # Every access to state that is not in the worker's cache is a call to the JVM.
        caches = ("python.state.cache-size", "python.map-state.read-cache-size", "python.map-state.write-cache-size")
        result |= where_allowed(dict.fromkeys(caches, "100000"))
    return result


def build(
    table_env: StreamTableEnvironment,
    settings: Settings,
    sources: Mapping[str, Connector],
    sinks: Mapping[str, Connector],
) -> StatementSet:
    """Declare the pipeline from the two ``sources`` to the two ``sinks``; nothing runs before ``execute()``."""
    prepare(table_env)

    user_events = _user_events(table_env, settings, sources[USER_EVENTS])
    time = clock(user_events)
    lottery_events = timed_by(
        _lottery_events(table_env, settings, sources[LOTTERY_EVENTS]),
        time,
        Types.ROW([Types.LONG(), functions.LOTTERY_EVENT]),
    )
    user_events = stamped(user_events, time, Types.ROW([Types.INT(), functions.USER_EVENTS]))
    lotteries = (
        keyed_rows(lottery_events, Types.LONG())
        .process(
            functions.Lotteries(buckets=settings.buckets, window_millis=settings.window_millis, prizes=settings.prizes),
            Types.ROW([Types.INT(), functions.LOTTERY_RUNS]),
        )
        .name(functions.LOTTERIES_OPERATOR)
        .uid(_id(functions.LOTTERIES_OPERATOR, settings))
        # Starts and stops are few, and every bucket has to receive them in the same order.
        .set_parallelism(1)
    )
    players = (
        ConnectedStreams(keyed_rows(user_events, Types.INT()), keyed_rows(lotteries, Types.INT()))
        .process(
            functions.Players(
                window_millis=settings.window_millis, player_expiry=timedelta(hours=settings.player_expiry_hours)
            ),
            PACKED_NUMBERS,
        )
        .name(functions.PLAYERS_OPERATOR)
        .uid(_id(functions.PLAYERS_OPERATOR, settings))
    )
    refused = lotteries.get_side_output(functions.REJECTED).union(players.get_side_output(functions.REJECTED))
    accepted = unpacked(players, functions.ACCEPTED_CLICK).name(ACCEPTED_CLICKS)

    table_env.create_temporary_view(ACCEPTED_CLICKS, accepted, _with_event_time())
    table_env.create_temporary_view(REFUSED_EVENTS, refused)
    table_env.execute_sql(sinks[WINNERS].create_table(schema.WINNER))
    table_env.execute_sql(sinks[REJECTED].create_table(schema.REJECTED))
    chosen = {
        sinks[WINNERS].table: _winners(table_env, settings),
        sinks[REJECTED].table: queries.rejected(REFUSED_EVENTS),
    }
    return insert(table_env, chosen, connectors=[*sources.values(), *sinks.values()])


def _id(operator: str, settings: Settings) -> str:
    """The id of an operator with state: another one where the state of the old one would not be found.

    Process mode keeps state under other names than thread mode. With another number of buckets players are in others.
    """
    buckets = "" if settings.buckets == BUCKETS.default else f" in {settings.buckets} buckets"
    return f"{operator}{buckets}{' by processes' if settings.execution_mode == PROCESS else ''}"


def _lottery_events(table_env: StreamTableEnvironment, settings: Settings, source: Connector) -> DataStream:
    table_env.execute_sql(source.create_table((*FIELDS[LOTTERY_EVENTS], *schema.SOURCE)))
    events = table_env.sql_query(
        queries.lottery_events(source.table, schedule_days=settings.schedule_days, arrival=source.arrival.time)
    )
    return rows(table_env.to_data_stream(events), Types.ROW([Types.LONG(), functions.LOTTERY_EVENT]))


def _user_events(table_env: StreamTableEnvironment, settings: Settings, source: Connector) -> DataStream:
    event_time = EventTime(
        millis=queries.event_time(clock_skew_millis=settings.clock_skew_millis, arrival=source.arrival.time),
        out_of_order_millis=settings.grace_millis,
    )
    set_idleness_timeout(table_env, settings.idle_millis)
    table_env.execute_sql(source.create_table((*FIELDS[USER_EVENTS], *schema.SOURCE), event_time=event_time))
    events = table_env.sql_query(
        queries.user_events(
            source.table,
            clock_skew_millis=settings.clock_skew_millis,
            arrival=source.arrival.time,
            buckets=settings.buckets,
        )
    )
    user_events = rows(table_env.to_data_stream(events), Types.ROW([Types.INT(), functions.USER_EVENT.row_type()]))
    return packed(kept_rows(user_events), Types.INT(), functions.USER_EVENT)


def _winners(table_env: StreamTableEnvironment, settings: Settings) -> str:
    tickets = queries.tickets(ACCEPTED_CLICKS, window_millis=settings.window_millis)
    table_env.execute_sql(f"CREATE TEMPORARY VIEW tickets AS {tickets}")
    return queries.winners("tickets", window_millis=settings.window_millis)


def _with_event_time() -> Schema:
    """The columns of an accepted click, in the event time of its operator."""
    return (
        Schema.new_builder()
        .column("lotteryId", "BIGINT")
        .column("userId", "BIGINT")
        .column("timestamp", "BIGINT")
        .column("secret", "STRING")
        .column_by_expression(schema.EVENT_TIME, "TO_TIMESTAMP_LTZ(`timestamp`, 3)")
        .watermark(schema.EVENT_TIME, "SOURCE_WATERMARK()")
        .build()
    )
