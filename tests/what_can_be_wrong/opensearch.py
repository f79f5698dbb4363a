"""The rows of the table in ``flink_apps/connectors/opensearch/README.md``, and the tests that prove them."""

TESTS = {
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
}
