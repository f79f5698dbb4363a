"""The rows of *What may change* in ``flink_apps/streaming_etl/README.md``, and the tests that prove them."""

_SINKS = "test_changes_of_sinks.the_verdict_of_a_change_is_right"
_IDS = "test_operator_ids.an_operator_that_would_not_find_its_state_again_has_another_id"
_FILES = "test_streaming_etl_run.s3_has_every_good_trip_once_in_a_file_of_the_old_or_the_new_format"
_TOPIC = "test_streaming_etl_run.kafka_has_every_good_trip_once_as_the_bytes_that_came"
_SEARCH = "test_streaming_etl_run.opensearch_has_every_good_trip_since_it_is_a_sink_but_for_the_one_that_it_refuses"
_ONCE = "test_kinesis_exactly_once.the_topic_has_every_trip_exactly_once"
_WIDE = "test_operator_ids.another_parallelism_leaves_the_ids_of_all_that_have_state"

TESTS = {
    "nothing": (f"{_ONCE} {_SINKS}[nothing]"),
    "one more of `sinks`": (
        f"{_SEARCH} "
        f"{_TOPIC} "
        f"{_FILES} "
        f"{_SINKS}[one more sink] "
        "test_operator_ids.another_sink_leaves_the_ids_of_all_others"
    ),
    "one less of `sinks`": (f"{_SINKS}[one sink less]"),
    "`parallelism`": (f"{_FILES} {_TOPIC} {_ONCE} {_WIDE}"),
    "`parquet`": (f"{_FILES} {_SINKS}[another format]"),
    "`partition-by-hour`": (f"{_SINKS}[more folders]"),
    "`source`": (f"{_SINKS}[another source] {_IDS}[source]"),
    "`dead-letters`": (f"{_SINKS}[dead letters elsewhere]"),
    "a column or a filter in the code": (f"{_SINKS}[one more column] {_SINKS}[one more filter]"),
    "the name of a table in the code": (f"{_SINKS}[another name of a table]"),
}
