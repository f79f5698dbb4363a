"""The rows of *What may change* in ``flink_apps/pulse/README.md``, and the tests that prove them."""

TESTS = {
    "`interval-millis`": "TickReaderTest.aRestoredReaderContinuesWhereTheCheckpointWasTaken",
}
