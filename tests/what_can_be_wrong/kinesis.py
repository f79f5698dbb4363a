"""The rows of the table in ``flink_apps/connectors/kinesis/README.md``, and the tests that prove them."""

TESTS = {
    "a malformed option, an unknown position, a time without its format": (
        "KinesisTableFactoryTest.aBadValueOfBothIsRefusedInOneLine "
        "KinesisTableFactoryTest.aBadValueOfASourceIsRefusedInOneLine "
        "KinesisTableFactoryTest.aTimeThatIsNoneIsRefusedInOneLine"
    ),
    "no stream, no permission": (
        "SdkKinesisServiceTest.aStreamThatDoesNotExistIsNamedWithWhatToDo "
        "SdkKinesisServiceTest.eachFailureIsOfItsKindAndIsToldInOneLine "
        "test_kinesis_connector.a_stream_that_does_not_exist_fails_the_job_with_what_to_do"
    ),
    "throttled reads": "ShardPollerTest.throttledCallsWaitLongerEachTime",
    "the service does not answer": "ShardPollerTest.aServiceThatNeverAnswersFailsTheJob",
    "an expired iterator": "ShardPollerTest.anExpiredIteratorIsRenewedAfterTheLastRecord",
    "a position that the stream has dropped": ("ShardPollerTest.aPositionThatTheStreamHasDroppedIsTheOldestRecord"),
    "records of a request that are refused": (
        "KinesisWriterTest.whatIsRefusedIsPutAgainBeforeAllThatFollows "
        "KinesisWriterTest.aSinkThatFailsOnErrorsFailsAtTheFirst"
    ),
    "a record larger than `sink.record.max-size`": (
        "KinesisWriterTest.aRecordThatIsLargerThanTheOptionSaysFailsTheJob"
    ),
}
