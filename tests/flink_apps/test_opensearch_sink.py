"""The table sink ``opensearch-signed``: Flink jobs against an OpenSearch that verifies signatures and fails as told."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.flink_apps.job_runner import Job, Running
from tests.flink_apps.signed_opensearch import ABSENT, SignedOpenSearch
from tests.flink_apps.signed_server import NOT_AUTHORIZED, REGION, CredentialsSource, role_environment, serving
from tests.flink_apps.statements import numbers

pytestmark = pytest.mark.integration

DOCUMENTS = 1000
INSERT = "INSERT INTO documents SELECT"
PASSWORD = "pä ss"  # noqa: S105 - the test's own


def document(n: int) -> str:
    """The document of a number, with blanks and a letter beyond ASCII; each 2nd has two lines.

    Each 100th has a fare that is none.
    """
    blank = " " if n % 2 else "\n"
    fare = "1.5" if n % 100 else '"free"'
    return f'{{{blank}"n": {n}, "fare": {fare}, "area": "Lilienstraße" }}'


#: SQL of the same.
DOCUMENT = (
    """ENCODE(CONCAT('{', IF(MOD(n, 2) = 0, U&'\\000A', ' '), '"n": ', CAST(n AS STRING), ', "fare": ', """
    """IF(MOD(n, 100) = 0, '"free"', '1.5'), """
    """', "area": "Lilienstraße" }'), 'UTF-8')"""
)


def sink(search: SignedOpenSearch, columns: str, **options: str) -> str:
    """A table ``documents`` that writes to the OpenSearch; signed, unless the options say otherwise."""
    given = {"connector": "opensearch-signed", "endpoint": search.endpoint, "region": REGION, **options}
    pairs = ", ".join(f"'{name}' = '{value}'" for name, value in given.items())
    return f"CREATE TABLE documents ({columns}) WITH ({pairs})"


def whole_documents(search: SignedOpenSearch, **options: str) -> Job:
    """Send the documents of 1 to 1000, 100 in a request; those of 1, 251 … to an index that does not exist."""
    layout = {"index-column": "kind", "id-column": "n", "document-column": "doc", "bulk.max-actions": "100"}
    into = sink(search, "n BIGINT, kind STRING, doc BYTES", **layout, **options)
    kind = f"IF(MOD(n, 250) = 1, '{ABSENT}', 'trips')"
    return Job(statements=[numbers(DOCUMENTS), into, f"{INSERT} n, {kind}, {DOCUMENT} FROM numbers"])


def restarted(search: SignedOpenSearch) -> Job:
    """Do the same in two bursts with checkpoints, and start again after a failure."""
    options = {
        "execution.checkpointing.interval": "100 ms",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.delay": "100 ms",
    }
    _, into, insert = whole_documents(search).statements
    return Job(statements=[numbers(DOCUMENTS, per_second=DOCUMENTS // 2), into, insert], options=options)


def few_documents(search: SignedOpenSearch) -> Job:
    """Send 30 documents without ids, ten in each second."""
    into = sink(search, "doc BYTES", index="trips", **{"document-column": "doc", "bulk.interval": "200 ms"})
    return Job(statements=[numbers(30, per_second=10), into, f"{INSERT} {DOCUMENT} FROM numbers"])


def counts(search: SignedOpenSearch) -> Job:
    """Send an updating count of three rides by area; the document is made of the columns."""
    columns = (
        "area STRING, noon TIMESTAMP(3), seen TIMESTAMP_LTZ(3), place ROW<lat DOUBLE, lon DOUBLE>, rides BIGINT, "
        "PRIMARY KEY (area) NOT ENFORCED"
    )
    signed_in = {"authentication": "basic", "username": "job", "password": PASSWORD}
    noon = "TIMESTAMP '2024-02-29 12:00:00.789'"
    place = "CAST(ROW(40.5, -73.25) AS ROW<lat DOUBLE, lon DOUBLE>)"
    rides = "(VALUES ('JFK'), ('LGA'), ('JFK')) AS rides (area)"
    return Job(
        statements=[
            sink(search, columns, index="demand", **{"id-column": "area"}, **signed_in),
            f"{INSERT} area, {noon}, CAST({noon} AS TIMESTAMP_LTZ(3)), {place}, COUNT(*) FROM {rides} GROUP BY area",
        ],
        options={"table.local-time-zone": "UTC"},
    )


def moved(search: SignedOpenSearch, *, key: str) -> Job:
    """Send an updating count of three rides by area, each into the index of its count."""
    columns = f"area STRING, kind STRING, rides BIGINT, PRIMARY KEY ({key}) NOT ENFORCED"
    kind = "CONCAT('rides-', CAST(COUNT(*) AS STRING))"
    rides = "(VALUES ('JFK'), ('LGA'), ('JFK')) AS rides (area)"
    return Job(
        statements=[
            sink(search, columns, **{"index-column": "kind", "id-column": "area"}),
            f"{INSERT} area, {kind}, COUNT(*) FROM {rides} GROUP BY area",
        ]
    )


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What has become of the jobs."""

    searches: Mapping[str, SignedOpenSearch]
    failures: Mapping[str, str]

    def of(self, name: str) -> SignedOpenSearch:
        """The OpenSearch of a job that has come to its end."""
        assert name not in self.failures, self.failures[name]
        return self.searches[name]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    source = CredentialsSource()
    basic = "Basic " + base64.b64encode(f"job:{PASSWORD}".encode()).decode()
    faults = ["items 429", "items 503", "cut", "", "503", "done, cut", "500", "429", "items 500"]
    searches = {
        "signed": SignedOpenSearch(source=source),
        "compressed": SignedOpenSearch(source=source),
        "faults": SignedOpenSearch(source=source, faults=faults),
        "forbidden": SignedOpenSearch(source=source, basic="another one"),
        "busy": SignedOpenSearch(source=source, faults=["503"] * 9),
        "restarted": SignedOpenSearch(source=source, faults=[""] * 6 + ["401"]),
        "halved": SignedOpenSearch(source=source, faults=["413", "413"]),
        "few": SignedOpenSearch(source=source),
        "counts": SignedOpenSearch(source=source, basic=basic),
        "moved": SignedOpenSearch(source=source),
    }
    with ExitStack() as stack:
        for search in searches.values():
            stack.enter_context(serving(search))
        jobs = {
            "signed": whole_documents(searches["signed"]),
            "compressed": whole_documents(searches["compressed"], compression="true"),
            "faults": whole_documents(searches["faults"]),
            "forbidden": whole_documents(searches["forbidden"]),
            "busy": whole_documents(searches["busy"], **{"retry.max-attempts": "2"}),
            "restarted": restarted(searches["restarted"]),
            "halved": whole_documents(searches["halved"]),
            "few": few_documents(searches["few"]),
            "counts": counts(searches["counts"]),
            "moved": moved(searches["moved"], key="area, kind"),
            "moved, by half a key": moved(searches["moved"], key="area"),
        }
        environment = role_environment(searches["signed"], tmp_path_factory.mktemp("aws"))
        failures = stack.enter_context(Running(jobs, environment)).failures()
    return Runs(searches=searches, failures=failures)


def indexed(search: SignedOpenSearch, index: str) -> dict[str, Any]:
    return {id_: json.loads(document) for id_, document in search.documents.get(index, {}).items()}


def test_every_request_is_verified_with_the_credentials_of_the_moment(runs: Runs) -> None:
    search = runs.of("signed")
    assert search.denied == []
    assert len(search.keys) >= DOCUMENTS / 100
    assert len(set(search.keys)) == len(search.keys)  # they changed each time


def test_the_signature_of_a_compressed_request_covers_what_is_sent(runs: Runs) -> None:
    search = runs.of("compressed")
    assert search.denied == []
    assert indexed(search, "trips") == indexed(runs.of("signed"), "trips")


@pytest.mark.parametrize("name", ["signed", "faults", "restarted", "halved"])
def test_each_good_document_is_indexed_once_under_its_id(runs: Runs, name: str) -> None:
    good = [n for n in range(1, DOCUMENTS + 1) if n % 100 and n % 250 != 1]
    assert indexed(runs.of(name), "trips") == {str(n): json.loads(document(n)) for n in good}


@pytest.mark.parametrize("name", ["signed", "faults", "restarted", "halved"])
def test_each_refused_document_is_kept_with_its_reason(runs: Runs, name: str) -> None:
    kept = indexed(runs.of(name), "rejected-documents")
    reasons = {int(rejected["id"]): rejected["reason"] for rejected in kept.values()}
    absent = f"index_not_found_exception: no such index [{ABSENT}]"
    free = (
        "mapper_parsing_exception: failed to parse field [fare]; "
        'caused by number_format_exception: For input string: "free"'
    )
    assert reasons == {
        **dict.fromkeys(range(100, DOCUMENTS + 1, 100), free),
        **dict.fromkeys(range(1, DOCUMENTS + 1, 250), absent),
    }
    assert len(kept) == len(reasons)


def test_a_refused_document_is_kept_byte_for_byte(runs: Runs) -> None:
    kept = indexed(runs.of("signed"), "rejected-documents")
    id_, rejected = next((id_, rejected) for id_, rejected in kept.items() if rejected["id"] == "100")
    raw = document(100)
    assert base64.b64decode(rejected["raw"]) == raw.encode()
    assert (rejected["document"], rejected["index"]) == (raw, "trips")
    assert id_ == hashlib.sha256(f"trips\x00100\x00{raw}".encode()).hexdigest()


def test_all_faults_were_met(runs: Runs) -> None:
    search = runs.of("faults")
    assert len(search.bulks) > DOCUMENTS / 100 + len(search.faults)


def test_a_restart_repeats_what_no_checkpoint_had(runs: Runs) -> None:
    assert sum(runs.of("restarted").bulks) > DOCUMENTS


def test_a_writer_that_is_not_allowed_to_write_fails_the_job_with_what_to_do(runs: Runs) -> None:
    message = runs.failures["forbidden"]
    assert (
        f"OpenSearch at {runs.searches['forbidden'].endpoint} must accept bulk requests (got status 403: "
        f"{NOT_AUTHORIZED}); "
        "allow the job's role or user to write there"
    ) in message


def test_an_opensearch_that_stays_busy_fails_the_job(runs: Runs) -> None:
    message = "must accept a bulk request within 2 attempts (got status 503: told to fail)"
    assert message in runs.failures["busy"]


def test_documents_do_not_wait_for_a_full_request(runs: Runs) -> None:
    search = runs.of("few")
    assert sum(search.bulks) == 30
    assert len(search.bulks) > 1


def test_without_ids_opensearch_makes_them(runs: Runs) -> None:
    documents = runs.of("few").documents["trips"]
    assert len(documents) == 30
    assert all(id_.startswith("made-") for id_ in documents)


def test_the_last_update_of_a_row_is_what_stays(runs: Runs) -> None:
    shared = {
        "noon": "2024-02-29T12:00:00.789",
        "seen": "2024-02-29T12:00:00.789Z",
        "place": {"lat": 40.5, "lon": -73.25},
    }
    assert indexed(runs.of("counts"), "demand") == {"JFK": {**shared, "rides": 2}, "LGA": {**shared, "rides": 1}}


def test_a_row_whose_index_changes_leaves_no_document_behind(runs: Runs) -> None:
    search = runs.of("moved")
    assert indexed(search, "rides-1") == {"LGA": {"rides": 1}}
    assert indexed(search, "rides-2") == {"JFK": {"rides": 2}}


def test_updates_need_the_index_in_the_primary_key(runs: Runs) -> None:
    message = (
        "'index-column' must name a column of the primary key where rows are updated (got kind); "
        "write for example PRIMARY KEY (area, kind) NOT ENFORCED"
    )
    assert message in runs.failures["moved, by half a key"]
