"""The rows of *What may change* in ``flink_apps/data_generator/README.md``, and the tests that prove them."""

_TICKS = (
    "test_data_generator_profile_run.every_tick_of_the_time_line_has_the_trips_of_the_profile_since_the_sink_is_one"
)
_TIME_LINE = "test_operator_ids.whatever_is_generated_the_time_line_goes_on"

TESTS = {
    "one more of `sinks`": _TICKS,
    "`parallelism`": _TICKS,
    "`catch-up`": (f"{_TICKS} TickReaderTest.theTimeOfARestartIsMadeUpForWhereItIsADelay"),
    "`record-type`, faults": _TIME_LINE,
}
