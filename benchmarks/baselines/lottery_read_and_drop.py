"""The limit of the lottery: the players' events are read and checked, and dropped before any rule."""

from __future__ import annotations

from pyflink.table import StreamTableEnvironment

from flink_apps.common.environment import environment, prepare
from flink_apps.common.properties import read_property_groups
from flink_apps.common.tables import Column, Connector
from flink_apps.lottery import job, main, queries, schema
from flink_apps.lottery.settings import Settings


def run() -> None:
    """Submit the job with a sink that keeps nothing."""
    settings = Settings.from_property_groups(read_property_groups())
    table_env = StreamTableEnvironment.create(environment(job.options(settings)))
    prepare(table_env)
    # With the job's own group it would commit the offsets at which the job then starts: the topic's end.
    source = main.sources(settings)[job.USER_EVENTS].with_options({"properties.group.id": "limit"})
    table_env.execute_sql(source.create_table((*schema.USER_EVENT, *schema.SOURCE)))
    fields = "kind BIGINT, player BIGINT, lottery BIGINT, `time` BIGINT, coupons BIGINT, problem BYTES, `raw` BYTES"
    columns = (Column("key", "INT"), Column("event", f"ROW<{fields}>"))
    table_env.execute_sql(Connector(table="nothing", options={"connector": "blackhole"}).create_table(columns))
    events = queries.user_events(
        source.table,
        clock_skew_millis=settings.clock_skew_millis,
        arrival=source.arrival.time,
        buckets=settings.buckets,
    )
    table_env.execute_sql(f"INSERT INTO nothing SELECT key, event FROM ({events})")


if __name__ == "__main__":
    run()
