"""The rows of the table in ``flink_apps/prometheus_metrics/README.md``, and the tests that prove them."""

TESTS = {
    "a sample with an illegal metric or label name, two labels of one name, or a text that is not UTF-8": (
        "SampleColumnsTest.anIllegalMetricNameIsRefused "
        "SampleColumnsTest.anIllegalLabelNameIsRefusedEvenWithoutAValue "
        "SampleColumnsTest.aLabelCannotBeASecondMetricName SampleColumnsTest.aValueThatIsNotUtf8IsRefused "
        "test_prometheus_sink.an_illegal_name_costs_its_own_sample_alone"
    ),
    "a sample without a metric name, a value or a time, or of more than 1 MiB": (
        "SampleColumnsTest.whatIsMissingIsNamed SampleColumnsTest.aSampleThatNoStoreTakesIsRefused "
        "PrometheusWriterTest.anIllegalSampleIsDroppedAndCounted"
    ),
    "a label that is empty or NULL": "SampleColumnsTest.aLabelWithoutAValueMakesNoOtherSeries",
    "a response 408, 429 or 5xx, a timeout, a body that never ends, a broken connection, no credentials": (
        "PostClientTest.aStatusOfAServerThatIsBusyIsRetryable "
        "PostClientTest.aBodyThatNeverEndsIsAbortedInTimeAndItsConnectionFreed "
        "RemoteWriteSenderTest.credentialsThatCannotBeHadAreAskedForAgain "
        "RemoteWriteSenderTest.theJobFailsWhenTheRetriesAreUsedUp "
        "test_prometheus_sink.a_fault_that_passes_loses_nothing"
    ),
    "a response 400 to a signed request": (
        "RemoteWriteSenderTest.aSignedRequestIsNotSplitUnlessTheOptionsSaySo "
        "test_prometheus_sink."
        "a_request_of_which_a_server_has_stored_the_good_part_is_not_sent_again_and_not_called_dropped"
    ),
    "the same, with `split-refused-requests` = `true`": (
        "RemoteWriteSenderTest.onlyTheSamplesThatARefusalIsAboutAreDiscarded "
        "RemoteWriteSenderTest.ofMoreBadSamplesThanRequestsMayBeSentPartsAreDiscardedAndTheGoodEndIsKept "
        "test_prometheus_sink.a_sample_out_of_order_or_too_old_costs_itself_alone"
    ),
    "a response 413": "RemoteWriteSenderTest.aRequestThatIsTooLargeIsSplitWhateverTheOptionsSay",
    "another response 4xx": "RemoteWriteSenderTest.aRefusedRequestThatIsNotSplitIsPerhapsStoredAndNotRepeated",
    "any of these to a request of one sample": "RemoteWriteSenderTest.aRefusedRequestOfOneSampleHasStoredNothing",
    "a response 401, 403, 404, 405, 407 or 415, or a redirection": (
        "RemoteWriteSenderTest.theJobFailsAtOnceWhereNoRequestGetsThrough "
        "test_prometheus_sink.a_workspace_that_takes_nothing_fails_the_job_with_its_address"
    ),
}
