"""The rows of the table in ``flink_apps/lottery/README.md``, and the tests that prove them."""

TESTS = {
    "a record that is no JSON object, or has an unknown type, a field that is missing, of a wrong type or negative": (
        "JsonRawDecodingTest.aBadRecordHasItsBytesAndTheFirstReason "
        "test_lottery_queries.bad_user_events_have_a_reason_each "
        "test_lottery_queries.bad_lottery_events_have_a_reason_each"
    ),
    "a click whose timestamp is further ahead of its arrival than `clock.skew.seconds`": (
        "test_lottery_queries.a_timestamp_beyond_all_dates_is_ahead_of_its_arrival "
        "test_lottery_queries.events_of_2040_pass_and_the_arrival_of_a_start_is_known_to_the_second"
    ),
    "a start or stop whose timestamp is further ahead of its arrival than `schedule.days`, such as one in"
    " microseconds": ("test_lottery_queries.a_start_or_stop_in_microseconds_or_beyond_all_dates_is_far_ahead"),
    "a click before its lottery's start, or before its player's coupons": (
        "test_lottery_functions.a_click_before_the_start_is_held_and_counts_then "
        "test_lottery_functions.a_click_before_the_purchase_is_held_and_counts_then "
        "test_lottery_functions.a_held_click_is_refused_once_event_time_reaches_it"
    ),
    "many such clicks, also of one player and millisecond": (
        "test_lottery_functions.a_held_click_is_written_once_and_no_other_with_it "
        "test_lottery_functions.a_purchase_and_a_start_read_none_of_the_clicks_that_they_are_not_about"
    ),
    "a click after its window was drawn, also right after a restart": (
        "test_lottery_functions.a_late_click_takes_no_coupon "
        "test_lottery_functions.after_a_restart_a_late_click_is_refused_before_any_watermark_has_come "
        "StampOperatorTest.theFirstRowAfterARestartHasTheTimeOfTheCheckpointBeforeAnyWatermark"
    ),
    "an event that breaks a rule of the game": (
        "test_lottery_functions.a_bad_event_is_refused_and_nothing_more "
        "test_lottery_functions.a_mistake_is_refused_once_and_no_bucket_hears_of_it"
    ),
    "a rejected event that is not text, or is very long": (
        "test_lottery_queries.a_rejected_event_that_is_no_text_or_very_long_has_its_first_bytes_too"
    ),
    "a topic whose `max.message.bytes` is less than the `max.request.size` of the producer, by default 1 MiB": (
        "test_topic_limits.a_topic_that_takes_less_than_the_producer_sends_is_refused_in_one_line "
        "test_streaming_etl_run.a_topic_that_takes_less_than_a_trip_may_have_is_refused_in_one_line"
    ),
    "a shard or partition without events": (
        "SilenceTest.aShardWithoutRecordsBecomesIdleOnce EventTimeTest.aShardThatFellSilentBecomesIdle "
        "ClockTest.theTimeGoesOnWithTheClockWhileTheStreamIsSilent"
    ),
    "a shard or partition that has only purchases for a while": (
        "test_lottery_exactly_once.with_kafka_each_window_has_one_winner_and_each_coupon_is_taken_once"
    ),
    "a TaskManager that is killed": (
        "test_lottery_exactly_once.with_kafka_each_window_has_one_winner_and_each_coupon_is_taken_once "
        "test_lottery_exactly_once.with_kinesis_each_window_has_a_winner_and_each_coupon_is_taken_once"
    ),
}
