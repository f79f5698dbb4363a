"""The rows of *What may change* in ``flink_apps/taxi_analytics/README.md``, and the tests that prove them."""

_IDS = "test_operator_ids.an_operator_that_would_not_find_its_state_again_has_another_id"
_RUN = (
    "test_taxi_analytics_run."
    "every_document_is_the_oracles_though_the_job_is_changed_shards_are_split_and_processes_killed"
)
_WIDE = "test_operator_ids.another_parallelism_leaves_the_ids_of_all_that_have_state"

TESTS = {
    "`parallelism`": (f"{_RUN} {_WIDE}"),
    "`out-of-order-seconds`": _RUN,
    "the end of the dead letters: `DeadLetterBucket` or `DeadLetterKinesisStream`": (
        f"{_RUN} test_operator_ids.another_end_for_dead_letters_leaves_the_ids_of_all_others"
    ),
    "`early-results-minutes`": (f"{_IDS}[early results] {_IDS}[no early results]"),
}
