"""The rows of *What may change* in ``flink_apps/lottery/README.md``, and the tests that prove them."""

_KINESIS = "test_lottery_exactly_once.with_kinesis_each_window_has_a_winner_and_each_coupon_is_taken_once"
_KAFKA = "test_lottery_exactly_once.with_kafka_each_window_has_one_winner_and_each_coupon_is_taken_once"
_STATE = "test_changes_of_state.the_verdict_of_a_change_is_right"
_IDS = "test_operator_ids.an_operator_that_would_not_find_its_state_again_has_another_id"

TESTS = {
    "nothing, also after several changes": (f"{_KAFKA} {_STATE}[nothing]"),
    "`parallelism`": (f"{_KAFKA} {_STATE}[more tasks] {_STATE}[many tasks]"),
    "`grace-millis`": _KAFKA,
    "`window-seconds`": (f"{_KINESIS} {_STATE}[a longer window]"),
    "`transactional.id.prefix`": _KAFKA,
    "`source.init.position`": (f"{_STATE}[another position to start at]"),
    "the name of a function in the code": (f"{_STATE}[a function with another name]"),
    "`connector`": (f"{_IDS}[connector]"),
    "`execution-mode`, `buckets`": (f"{_IDS}[execution mode] {_IDS}[buckets]"),
    "the id of an operator in the code": (f"{_STATE}[another id]"),
    "the type of a state, or of a key, in the code": (f"{_STATE}[another type] {_STATE}[another key]"),
    "the maximum parallelism": (f"{_STATE}[fewer groups of keys]"),
}
