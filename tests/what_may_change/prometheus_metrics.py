"""The rows of *What may change* in ``flink_apps/prometheus_metrics/README.md``, and the tests that prove them."""

_EACH_TICK = "test_prometheus_metrics_run.each_tick_comes_once_when_a_savepoint_goes_on_with_changes"
_REFUSED = "test_prometheus_metrics_run.none_is_refused_when_a_savepoint_goes_on_with_changes"
_WIDE = "test_operator_ids.another_parallelism_leaves_the_ids_of_all_that_have_state"

TESTS = {
    "`parallelism`": (f"{_EACH_TICK} {_REFUSED} {_WIDE}"),
    "`sink-parallelism-divisor`": (f"{_EACH_TICK} {_REFUSED}"),
    "`min-samples`, `max-samples`": (f"{_EACH_TICK} {_REFUSED}"),
}
