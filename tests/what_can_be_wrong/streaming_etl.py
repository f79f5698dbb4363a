"""The rows of the table in ``flink_apps/streaming_etl/README.md``, and the tests that prove them."""

TESTS = {
    "a record that is no JSON object; a field that is missing, comes twice, has another type or a number out of"
    " range": (
        "JsonRawDecodingTest.aBadRecordHasItsBytesAndTheFirstReason "
        "JsonRawFuzzTest.aDamagedRecordIsKeptAndHasEitherAllItsColumnsOrNone "
        "test_streaming_etl_run.every_bad_record_is_among_the_dead_letters_once_as_the_bytes_that_came"
    ),
    "a for-hire trip (`fhv-trip`, `fhvhv-trip`) without vendor, distance and amounts": (
        "test_streaming_etl_rules.what_is_unusual_but_real_passes"
    ),
    "a byte order mark before it; an integer as `1.0` or `1e3`": (
        "JsonRawDecodingTest.aByteOrderMarkIsSkipped JsonRawDecodingTest.aBigintIsAnIntegerInItsRange"
    ),
    "impossible values: zones outside 1 to 265, a dropoff before the pickup, times outside the years 1970 to 9999,"
    " a negative distance or number of passengers": (
        "test_streaming_etl_rules.each_rule_refuses_what_breaks_it_and_says_so "
        "test_streaming_etl_run.all_real_trips_pass_with_refunds_and_unknown_zones"
    ),
    "a `type` that is none of `trip-types`": ("test_streaming_etl_rules.each_rule_refuses_what_breaks_it_and_says_so"),
    "more than 1,000,000 bytes, if Kinesis or Kafka is a sink; headers of more than 10,000 characters, from topic"
    " to topic": (
        "JsonRawDecodingTest.aMessageLargerThanTheLimitIsRefused "
        "test_topic_limits.a_trip_and_a_dead_letter_fit_into_what_the_producer_sends "
        "test_streaming_etl_rules.headers_that_would_not_fit_into_a_topic_are_refused"
    ),
    "a topic whose `max.message.bytes` is less than the `max.request.size` of the producer, by default 1 MiB": (
        "test_topic_limits.a_topic_that_takes_less_than_the_producer_sends_is_refused_in_one_line "
        "test_streaming_etl_run.a_topic_that_takes_less_than_a_trip_may_have_is_refused_in_one_line "
        "test_streaming_etl_run.a_topic_that_is_lowered_while_the_job_runs_restarts_it_until_it_is_raised"
    ),
    "a timestamp before 1970 or more than an hour ahead, from topic to topic": (
        "test_streaming_etl_rules.a_timestamp_that_a_topic_may_refuse_is_left_to_the_producer"
    ),
    "a source topic with `message.timestamp.type=LogAppendTime`": (
        "test_streaming_etl_run.the_brokers_time_of_the_source_travels_unless_the_sink_has_a_time_of_its_broker"
    ),
    "a trip that OpenSearch refuses, such as one that contradicts the mapping": (
        "test_streaming_etl_run.what_opensearch_refuses_is_kept_with_the_reason"
    ),
    "a request to a sink that fails, a broker or service that is away": (
        "BulkSenderTest.aWholeRequestIsSentAgainUntilItPasses "
        "KinesisWriterTest.whatHasNoAnswerIsPutAgainInItsOrder "
        "test_data_generator_run.nothing_is_lost_when_a_task_manager_is_killed_or_the_sinks_are_away "
        "test_streaming_etl_run.kafka_has_every_good_trip_once_as_the_bytes_that_came"
    ),
    "folders in S3 by the ten thousand at once, as in a backfill of years": (
        "test_s3_sink.a_file_that_gets_no_rows_is_closed_long_before_a_checkpoint "
        "BufferedWriterTest.beyondAThousandOpenWritersFilesCollectMoreRowsUntilOneIsClosed"
    ),
}
