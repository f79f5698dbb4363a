"""What can be wrong: each row of these tables of the READMEs, and the tests that prove it.

A test is named by its file or class, and its own name: ``test_replay_source.a_broken_line_goes_out_as_it_is`` for
``test_a_broken_line_goes_out_as_it_is``, ``LinesTest.anEmptyFileHasNoLines`` for a method in Java.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stacks.project import ROOT

_TABLE = re.compile(r"^\| what[^|\n]* \| what becomes of it \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
_SMALL_TOPIC = (
    "a topic whose `max.message.bytes` is less than the `max.request.size` of the producer, by default 1 MiB",
    "test_topic_limits.a_topic_that_takes_less_than_the_producer_sends_is_refused_in_one_line "
    "test_streaming_etl_run.a_topic_that_takes_less_than_a_trip_may_have_is_refused_in_one_line",
)

#: By README and row, which is named by its first cell: the tests, with blanks between them.
TESTS: Mapping[str, Mapping[str, str]] = {
    "README.md": {
        "the job, or a replay, restarts": (
            "test_restarts.each_cause_is_told_when_it_is_a_new_one_with_the_number_of_restarts "
            "test_restarts.a_run_goes_on_where_records_get_through_between_restarts "
            "test_feeders.one_that_restarts_is_told"
        ),
        "nothing gets through for a minute, or the job fails three times at its start": (
            "test_restarts.a_job_that_restarts_while_nothing_gets_through_for_a_minute_ends_the_run_with_its_cause "
            "test_restarts.a_job_that_fails_three_times_at_its_start_ends_the_run_at_once"
        ),
        "a server does not start, or a tool is missing": (
            "test_process.a_server_that_ends_while_it_starts_is_an_error_with_its_last_words "
            "test_prometheus_service.without_prometheus_and_apt_the_ways_to_get_it_are_named"
        ),
        "the path of the project has blanks or letters that are not ASCII": (
            "test_odd_path.a_job_with_a_python_function_runs_and_no_link_stays_behind"
        ),
        "`HTTP_PROXY` and the like are set": (
            "test_loopback.every_client_reaches_a_server_of_this_machine_past_the_proxy"
        ),
        "git converts line ends (`core.autocrlf`)": "test_line_ends.a_clone_has_the_bytes_of_the_repository",
        "the folder belongs to another user": (
            "test_permissions.the_set_up_begins_in_a_folder_that_the_user_can_write "
            "test_permissions.a_run_in_a_folder_of_somebody_else_is_one_line_and_status_1"
        ),
    },
    "flink_apps/data_generator/README.md": {
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
        _SMALL_TOPIC[0]: _SMALL_TOPIC[1],
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
            "TickReaderTest.aClockThatWasSetBackIsNoDelay "
            "TickReaderTest.aSystemClockThatIsSetBackDoesNotTurnTheTimesBack"
        ),
    },
    "flink_apps/lottery/README.md": {
        "a record that is no JSON object, or has an unknown type, a field that is missing, of a wrong type or"
        " negative": (
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
        _SMALL_TOPIC[0]: _SMALL_TOPIC[1],
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
    },
    "flink_apps/prometheus_metrics/README.md": {
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
    },
    "flink_apps/replay/README.md": {
        "a line of JSON that is broken": "test_replay_source.a_broken_line_goes_out_as_it_is",
        "a line of CSV that is not a trip: another number of fields, a value of another type": (
            "test_replay_source.a_csv_line_that_is_no_trip_goes_out_as_it_is "
            "FieldReaderTest.blankFieldsBehindThoseOfTheHeaderAreIgnored"
        ),
        "a row of Parquet that is not a trip": (
            "test_replay_commission.a_row_of_parquet_that_is_no_trip_keeps_its_values"
        ),
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
        _SMALL_TOPIC[0]: _SMALL_TOPIC[1],
        "an S3 or network error": (
            "SourceFileTest.aFailureOfTheFileSystemIsToldFromAFileThatBreaksOff "
            "ReplayFormatTest.aFileSystemThatFailsIsNoDamage"
        ),
        "a savepoint of a replay of another format, other columns, time attribute or zone": (
            "ReplayReaderTest.aStateOfOtherFilesOrColumnsIsRefused"
        ),
    },
    "flink_apps/streaming_etl/README.md": {
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
        "a `type` that is none of `trip-types`": (
            "test_streaming_etl_rules.each_rule_refuses_what_breaks_it_and_says_so"
        ),
        "more than 1,000,000 bytes, if Kinesis or Kafka is a sink; headers of more than 10,000 characters, from topic"
        " to topic": (
            "JsonRawDecodingTest.aMessageLargerThanTheLimitIsRefused "
            "test_topic_limits.a_trip_and_a_dead_letter_fit_into_what_the_producer_sends "
            "test_streaming_etl_rules.headers_that_would_not_fit_into_a_topic_are_refused"
        ),
        _SMALL_TOPIC[0]: _SMALL_TOPIC[1],
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
    },
    "flink_apps/taxi_analytics/README.md": {
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
            "every_document_is_the_oracles_though_shards_are_split_and_processes_suspended_and_killed"
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
            "every_document_is_the_oracles_though_shards_are_split_and_processes_suspended_and_killed"
        ),
        "a document that OpenSearch refuses, or a block of the domain": (
            "test_opensearch_refusals.a_block_of_the_cluster_or_of_all_indices_is_waited_for "
            "test_opensearch_sink.each_refused_document_is_kept_with_its_reason"
        ),
    },
    "flink_apps/connectors/kinesis/README.md": {
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
    },
    "flink_apps/connectors/opensearch/README.md": {
        "a row without id, index or document; an id of more than 512 bytes; an index in date math; a document that is"
        " not JSON and has line breaks": (
            "RowActionsTest.aRowWithoutIdIndexOrDocumentIsRejected RowActionsTest.anIdThatIsTooLongIsRejected "
            "RowActionsTest.onlyTheTableMayNameAnIndexByDateMath "
            "RowActionsTest.aDocumentThatIsNotOneLineNorJsonIsRejectedAsItCame"
        ),
        "a row whose index or id changes": (
            "RowActionsTest.whatARowWasBeforeAnUpdateIsDeletedUnlessItWasRejected "
            "test_opensearch_sink.a_row_whose_index_changes_leaves_no_document_behind "
            "test_opensearch_sink.updates_need_the_index_in_the_primary_key"
        ),
        "a document that contradicts the mapping; a malformed name of an index; an index that is closed or cannot be"
        " made, as the shards are used up": (
            "BulkResponseTest.theStatusOfAnErrorTellsWhatItMeans "
            "test_opensearch_sink.each_refused_document_is_kept_with_its_reason"
        ),
        "a document whose index the role may not write": (
            "BulkSenderTest.anActionThatIsForbiddenIsRefusedAndTheOthersGoOn"
        ),
        "a document whose index somebody has blocked (`FORBIDDEN/8`, `/5`)": (
            "BulkSenderTest.anIndexThatSomebodyBlockedHoldsUpNoOther "
            "test_opensearch_refusals.a_block_of_one_index_rejects_its_documents_and_the_others_go_on"
        ),
        "a document larger than `bulk.max-size`": ("OpenSearchWriterTest.aDocumentThatIsLargerThanTheLimitIsSentAlone"),
        "a document larger than the server takes at all": (
            "BulkSenderTest.aDocumentThatIsTooLargeByItselfIsRefused "
            "BulkSenderTest.aRejectedDocumentThatIsTooLargeIsShortened "
            "test_opensearch_refusals.a_document_that_no_request_can_take_is_rejected_and_shortened"
        ),
        "a rejected document of more than 20 MB": "RejectedDocumentTest.whatIsTooLongToBeReadIsCut",
        "a request that is larger than the server takes (413)": (
            "BulkSenderTest.aRequestThatIsTooLargeIsSentInHalves BulkSenderTest.onlyWhatIsLeftOfARequestIsSentInHalves"
        ),
        "many rejected documents": (
            "BulkSenderTest.rejectionsGoInRequestsOfTheSameLimit "
            "test_opensearch_refusals."
            "documents_whose_rejections_exceed_a_request_are_all_rejected_with_their_bytes"
        ),
        "a request or a document that the server is too busy for (429, 5xx); no answer": (
            "BulkSenderTest.aWholeRequestIsSentAgainUntilItPasses BulkSenderTest.aSilentServerIsTriedAgain "
            "BulkSenderTest.aRequestThatNeverPassesFailsTheJob "
            "test_opensearch_sink.an_opensearch_that_stays_busy_fails_the_job"
        ),
        "a request that is not signed by somebody who may send it (401, 403)": (
            "BulkSenderTest.aForbiddenRequestFailsAtOnce "
            "test_opensearch_sink.a_writer_that_is_not_allowed_to_write_fails_the_job_with_what_to_do"
        ),
        "a block of the cluster: disk at the flood stage (`/12`), no new index (`/10`), read-only (`/6`, `/13`)": (
            "BulkSenderTest.aBlockOfTheClusterIsWaitedForBeyondTheAttempts "
            "test_opensearch_refusals.a_block_of_the_cluster_or_of_all_indices_is_waited_for"
        ),
        "a block of all indices (`/8`), as the service sets it while memory or disk are short": (
            "BulkSenderTest.whereTheRejectedIndexIsBlockedTooTheDocumentsAreTriedAgainInTheirOwnIndices "
            "test_opensearch_refusals.a_block_of_the_cluster_or_of_all_indices_is_waited_for"
        ),
        "the index of the rejected documents refuses one, or may not be written": (
            "BulkSenderTest.aRejectionThatIsRefusedFailsTheJob "
            "BulkSenderTest.whereTheRejectedIndexIsForbiddenTooTheJobFailsWithItsName"
        ),
    },
}


def rows(readme: Path) -> list[str]:
    """The first cells of the rows of the table of a README, if it has one."""
    table = _TABLE.search(readme.read_text(encoding="utf-8"))
    lines = table[1].splitlines() if table else []
    return [line.removeprefix("| ").partition(" | ")[0].replace("**", "") for line in lines]


@functools.cache
def all_tests() -> frozenset[str]:
    """Every test, as it is named above."""
    python = (name for file in (ROOT / "tests").rglob("test_*.py") for name in _of_python(file))
    java = (name for file in (ROOT / "flink_apps" / "connectors").rglob("*Test.java") for name in _of_java(file))
    return frozenset((*python, *java))


def _of_python(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{file.stem}.{node.name.removeprefix('test_')}"


def _of_java(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    # Between the annotation and the method there may be others, with the values of a test with parameters.
    for found in re.finditer(r"@(?:Parameterized|Repeated)?Test\b.*?\bvoid (\w+)\(", text, re.DOTALL):
        yield f"{file.stem}.{found[1]}"


def test_every_table_is_here() -> None:
    readmes = [ROOT / "README.md", *(ROOT / "flink_apps").rglob("README.md")]
    with_tables = {readme.relative_to(ROOT).as_posix() for readme in readmes if rows(readme)}
    assert with_tables == set(TESTS)
    assert {readme.relative_to(ROOT).as_posix() for readme in readmes} == set(TESTS), "each has one"


@pytest.mark.parametrize("readme", TESTS)
def test_every_row_has_its_tests(readme: str) -> None:
    assert rows(ROOT / readme) == list(TESTS[readme])


@pytest.mark.parametrize("readme", TESTS)
def test_every_test_that_is_named_is_there(readme: str) -> None:
    named = {name for names in TESTS[readme].values() for name in names.split()}
    assert named <= all_tests(), sorted(named - all_tests())
