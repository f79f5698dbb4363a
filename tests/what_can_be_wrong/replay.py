"""The rows of the table in ``flink_apps/replay/README.md``, and the tests that prove them."""

TESTS = {
    "a line of JSON that is broken": "test_replay_source.a_broken_line_goes_out_as_it_is",
    "a line of CSV that is not a trip: another number of fields, a value of another type": (
        "test_replay_source.a_csv_line_that_is_no_trip_goes_out_as_it_is "
        "FieldReaderTest.blankFieldsBehindThoseOfTheHeaderAreIgnored"
    ),
    "a row of Parquet that is not a trip": ("test_replay_commission.a_row_of_parquet_that_is_no_trip_keeps_its_values"),
    "a time that is missing or cannot be read": "ReplayReaderTest.aRowWithoutATimeIsReleasedAtOnceAndCounted",
    "a time of a wrong year, or a gap in the data": (
        "ReplayReaderTest.aTripOfAWrongYearDoesNotHaltTheOthers "
        "test_replay_source.trips_of_wrong_years_do_not_halt_the_others"
    ),
    "a time that is out of order beyond `buffer.records`": (
        "ReplayReaderTest.aRowBeyondTheBufferIsReleasedAtOnceAndCounted "
        "test_replay_source.rows_out_of_order_beyond_the_buffer_are_not_lost"
    ),
    "a time before `seek`": (
        "ReplayReaderTest.rowsFromBeforeSeekAreLeftOutAndKeepTheirNumbers "
        "test_replay_source.seek_leaves_out_what_is_earlier"
    ),
    "a byte order mark, returns of Windows, blank lines": (
        "test_replay_source.marks_returns_and_blank_lines_are_no_part_of_a_line"
    ),
    "a line beyond the 1,000,000 bytes that a stream accepts": (
        "LinesTest.aLineThatNoStreamTakesIsCutAndTheNextOneIsWhole"
    ),
    "a damaged file, as a truncated gzip": (
        "test_replay_source.of_damaged_files_comes_what_can_be_read_and_of_the_others_all "
        "test_replay_source.a_file_that_is_not_read_to_its_end_is_named_once "
        "ReplayFormatTest.whatComesBeforeTheDamageIsReadAndTheFileCountedOnce"
    ),
    "a file that vanishes before it is read": "ReplayFormatTest.aFileThatIsGoneIsCountedAndHasNoRows",
    "an empty file": "ReplayFormatTest.anEmptyFileHasNoRowsAndIsNothingToCount",
    "a CSV or Parquet file without a needed column": (
        "test_replay_commission.a_file_without_the_columns_is_named_and_does_not_stop_the_others "
        "test_replay_commission.files_that_all_lack_the_columns_are_refused_with_those_that_they_have"
    ),
    "a topic whose `max.message.bytes` is less than the `max.request.size` of the producer, by default 1 MiB": (
        "test_topic_limits.a_topic_that_takes_less_than_the_producer_sends_is_refused_in_one_line "
        "test_streaming_etl_run.a_topic_that_takes_less_than_a_trip_may_have_is_refused_in_one_line"
    ),
    "an S3 or network error": (
        "SourceFileTest.aFailureOfTheFileSystemIsToldFromAFileThatBreaksOff "
        "ReplayFormatTest.aFileSystemThatFailsIsNoDamage"
    ),
    "a savepoint of a replay of another format, other columns, time attribute or zone": (
        "ReplayReaderTest.aStateOfOtherFilesOrColumnsIsRefused"
    ),
}
