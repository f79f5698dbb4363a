"""The rows of the table in ``flink_apps/data_generator/README.md``, and the tests that prove them."""

TESTS = {
    "a property that is missing, unknown or malformed": (
        "test_data_generator_settings.a_required_key_that_is_missing_is_named "
        "test_data_generator_settings.a_misspelt_key_of_the_generator_is_answered_with_the_nearest "
        "test_data_generator_formats.a_wrong_property_is_refused_with_name_rule_value_and_fix "
        "test_data_generator_run.a_malformed_arn_is_refused_at_the_start_in_one_line"
    ),
    "a load profile that is malformed": (
        "test_data_generator_profile_text.a_wrong_text_is_refused_with_the_rule_the_place_and_the_fix "
        "test_data_generator_settings.a_wrong_profile_is_refused_in_one_line_with_the_nearest_name"
    ),
    "faults of more than all records, or malformed ones in a format without": (
        "test_data_generator_faults.more_faults_than_records_are_refused "
        "test_data_generator_faults.malformed_records_are_refused_in_a_format_that_has_none"
    ),
    "a topic whose `max.message.bytes` is less than the `max.request.size` of the producer, by default 1 MiB": (
        "test_topic_limits.a_topic_that_takes_less_than_the_producer_sends_is_refused_in_one_line "
        "test_streaming_etl_run.a_topic_that_takes_less_than_a_trip_may_have_is_refused_in_one_line"
    ),
    "a sink that is down, or throttles": (
        "test_data_generator_run.nothing_is_lost_when_a_task_manager_is_killed_or_the_sinks_are_away "
        "test_data_generator_run.an_outage_is_made_up_for_only_as_far_as_the_catch_up_goes "
        "KinesisWriterTest.whatHasNoAnswerIsPutAgainInItsOrder"
    ),
    "the same with `catch-up=true`": (
        "test_data_generator_profile_run.what_the_downtime_missed_is_made_up_for_if_and_only_if_asked "
        "TickReaderTest.theTimeOfARestartIsMadeUpForWhereItIsADelay"
    ),
    "a TaskManager that is killed": (
        "test_data_generator_run.nothing_is_lost_when_a_task_manager_is_killed_or_the_sinks_are_away"
    ),
    "a clock that is set back": (
        "TickReaderTest.aClockThatWasSetBackIsNoDelay TickReaderTest.aSystemClockThatIsSetBackDoesNotTurnTheTimesBack"
    ),
}
