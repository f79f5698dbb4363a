"""The rows of the table in ``flink_apps/taxi_analytics/README.md``, and the tests that prove them."""

TESTS = {
    "a record that is no JSON object; a field that is missing, null or of a wrong type": (
        "JsonRawDecodingTest.aBadRecordHasItsBytesAndTheFirstReason "
        "test_taxi_analytics_job.the_bad_records_alone_are_dead_letters"
    ),
    "coordinates that are zero, swapped, or outside the globe": (
        "test_taxi_analytics_rules.each_rule_refuses_what_breaks_it_and_says_so"
    ),
    "a time outside the years 1970 to 9999, or a dropoff before its pickup": (
        "test_taxi_analytics_rules.each_rule_refuses_what_breaks_it_and_says_so"
    ),
    "a dropoff more than `clock-skew-seconds` ahead of its arrival": (
        "test_taxi_analytics_rules.a_trip_is_as_far_ahead_of_its_arrival_as_clocks_may_differ_and_no_further"
    ),
    "a trip whose hour is over": (
        "AlignedTimeTest.whatTheWindowsWouldDropIsRefusedBefore "
        "test_taxi_analytics_run."
        "every_document_is_the_oracles_though_the_job_is_changed_shards_are_split_and_processes_killed"
    ),
    "a trip from or to a place outside New York": (
        "test_taxi_analytics_rules.a_box_holds_nothing_beyond_a_border "
        "test_taxi_analytics_job.every_document_is_the_oracles"
    ),
    "a watermark event of a replay": "test_taxi_analytics_job.the_bad_records_alone_are_dead_letters",
    "a bad record of more than 740,000 bytes, where dead letters go to a stream": (
        "test_streaming_etl_rules.a_dead_letter_in_a_stream_keeps_as_many_bytes_as_it_takes"
    ),
    "trips up to `out-of-order-seconds` out of order": "test_taxi_analytics_job.every_document_is_the_oracles",
    "a shard without trips": (
        "EventTimeTest.aShardThatFellSilentBecomesIdle SilenceTest.aShardWithoutRecordsBecomesIdleOnce"
    ),
    "a shard that is split or merged": (
        "EventTimeTest.noRecordIsLateThatWouldHaveBeenInTimeWithoutResharding "
        "test_kinesis_connector.no_record_is_late_while_shards_are_split_and_merged"
    ),
    "a TaskManager that is suspended or killed": (
        "test_taxi_analytics_run."
        "every_document_is_the_oracles_though_the_job_is_changed_shards_are_split_and_processes_killed"
    ),
    "a document that OpenSearch refuses, or a block of the domain": (
        "test_opensearch_refusals.a_block_of_the_cluster_or_of_all_indices_is_waited_for "
        "test_opensearch_sink.each_refused_document_is_kept_with_its_reason"
    ),
}
