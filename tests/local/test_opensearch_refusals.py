"""The table sink ``opensearch-signed`` and a real OpenSearch that takes small requests, and blocks some indices."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.services import opensearch
from local.services.opensearch import DOMAIN_TYPE, OpenSearchService
from local.template import Template
from tests.flink_apps.job_runner import Job, Running
from tests.flink_apps.statements import numbers
from tests.local.failures import wait_for
from tests.local.started import started

pytestmark = pytest.mark.integration

#: A keyword of so many letters is longer than Lucene indexes.
LONG = 33_000
#: More than the node takes in one request.
HUGE = 11_000_000
DOCUMENTS = 400
INSERT = "INSERT INTO documents SELECT"


def sink(search: OpenSearchService, index: str, **options: str) -> str:
    """A table ``documents`` that writes to an index; what it rejects goes to an index of its own."""
    given = {
        "connector": "opensearch-signed",
        "endpoint": search.address,
        "authentication": "none",
        "id-column": "n",
        "document-column": "doc",
        "rejected.index": f"rejected-{index}",
        "retry.max-attempts": "2",
        **({} if "index-column" in options else {"index": index}),
        **options,
    }
    pairs = ", ".join(f"'{name}' = '{value}'" for name, value in given.items())
    return f"CREATE TABLE documents (n BIGINT, kind STRING, doc BYTES) WITH ({pairs})"


def documents(search: OpenSearchService, index: str, *, letters: str = "1", kind: str = "''", **options: str) -> Job:
    """Send documents with a flag of as many letters as SQL says, into the index, or those that SQL says."""
    # A number of each row, as Flink cuts off bytes that it computes beforehand.
    count = f"CAST(MOD(n, 1) AS INT) + {letters}"
    document = f"ENCODE(CONCAT('{{\"flag\":\"', REPEAT('x', {count}), '\"}}'), 'UTF-8')"
    into = sink(search, index, **options)
    return Job(statements=[numbers(DOCUMENTS), into, f"{INSERT} n, {kind}, {document} FROM numbers"])


def block(search: OpenSearchService, name: str, *indices: str, on: bool = True) -> None:
    """Set a block of indices, or lift it."""
    search.request("PUT", f"/{','.join(indices)}/_settings", {f"index.blocks.{name}": on or None})


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearchService]:
    """A node that takes at most 10 MiB at a time, after jobs that met every kind of refusal."""
    template = Template({"Resources": {"Search": {"Type": DOMAIN_TYPE}}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opensearch, "_NODE_SETTINGS", f"{opensearch._NODE_SETTINGS}http.max_content_length: 10mb\n")
        with started(OpenSearchService(template, tmp_path_factory.mktemp("node"))) as node:
            assert run(node) == {}
            yield node


def run(search: OpenSearchService) -> dict[str, str]:
    """Run the jobs, two at a time; lift the blocks when documents wait for it. What stopped jobs that failed."""
    flag: Mapping[str, Any] = {"mappings": {"properties": {"flag": {"type": "keyword"}}}}
    for index in ("long", "halved", "flood", "rejected-flood", "shut", "rejected-shut", "blocked", "huge"):
        search.request("PUT", f"/{index}", flag)
    block(search, "write", "blocked", "shut", "rejected-shut")
    block(search, "read_only_allow_delete", "flood")
    jobs = {
        "flood": documents(search, "flood"),
        "shut": documents(search, "shut"),
        "long": documents(search, "long", letters=str(LONG)),
        "halved": documents(search, "halved", letters=str(LONG), **{"bulk.max-size": "20 mb"}),
        "huge": documents(search, "huge", letters=f"IF(n = 7, {HUGE}, 1)", **{"bulk.max-size": "20 mb"}),
        "blocked": documents(
            search, "blocked", kind="IF(MOD(n, 4) = 0, 'blocked', 'open')", **{"index-column": "kind"}
        ),
    }
    with Running(jobs, os.environ) as running:
        # It is the last to start: by then the first two have met their blocks.
        wait_for("the last job", lambda: search.count("rejected-blocked") == DOCUMENTS / 4, seconds=300)
        waiting = {index: search.count(index) for index in ("flood", "rejected-flood", "shut", "rejected-shut")}
        block(search, "read_only_allow_delete", "flood", on=False)
        # One after the other: between a refusal and its rejection the block of both must not be lifted.
        block(search, "write", "shut", on=False)
        wait_for("the documents that waited", lambda: search.count("shut") == DOCUMENTS)
        block(search, "write", "rejected-shut", on=False)
        failures = running.failures()
    assert set(waiting.values()) == {0}
    return failures


def rejected(search: OpenSearchService, index: str) -> dict[str, dict[str, Any]]:
    """The rejected documents of an index, by the ids that they had."""
    return {hit["_source"]["id"]: hit["_source"] for hit in search.documents(f"rejected-{index}")}


@pytest.mark.parametrize("index", ["long", "halved"])
def test_documents_whose_rejections_exceed_a_request_are_all_rejected_with_their_bytes(
    search: OpenSearchService, index: str
) -> None:
    kept = rejected(search, index)
    assert set(kept) == {str(n) for n in range(1, DOCUMENTS + 1)}
    assert search.count(index) == 0
    for document in kept.values():
        assert base64.b64decode(document["raw"]) == json.dumps({"flag": "x" * LONG}, separators=(",", ":")).encode()
        assert "immense term" in document["reason"]


def test_a_document_that_no_request_can_take_is_rejected_and_shortened(search: OpenSearchService) -> None:
    assert search.count("huge") == DOCUMENTS - 1
    [(number, document)] = rejected(search, "huge").items()
    whole = len('{"flag":""}') + HUGE
    kept = base64.b64decode(document["raw"])
    assert number == "7"
    assert document["reason"] == f"too_large: status 413; only the first {len(kept)} of {whole} bytes are kept"
    assert kept.startswith(b'{"flag":"xxx')
    assert whole / 8 < len(kept) < whole


def test_a_block_of_one_index_rejects_its_documents_and_the_others_go_on(search: OpenSearchService) -> None:
    assert search.count("open") == DOCUMENTS * 3 / 4
    kept = rejected(search, "blocked")
    assert set(kept) == {str(n) for n in range(4, DOCUMENTS + 1, 4)}
    assert all("FORBIDDEN/8/index write (api)" in document["reason"] for document in kept.values())


@pytest.mark.parametrize("index", ["flood", "shut"])
def test_a_block_of_the_cluster_or_of_all_indices_is_waited_for(search: OpenSearchService, index: str) -> None:
    assert search.count(index) == DOCUMENTS
    assert rejected(search, index) == {}
