"""The handler that installs objects in an OpenSearch cluster, against a cluster that answers over HTTP."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

from flink_constructs.search_handler import index
from flink_constructs.search_handler.index import Cluster, InstallError, SearchObject
from tests.constructs import fake_opensearch
from tests.constructs.fake_opensearch import CUT, FakeOpenSearch

TEMPLATE = SearchObject(method="PUT", path="/_index_template/trips", body={"index_patterns": ["trips"], "priority": 1})
ROLE = SearchObject(method="PUT", path="/_plugins/_security/api/roles/writer", body={"cluster_permissions": []})
MAPPING = SearchObject(method="PUT", path="/_plugins/_security/api/rolesmapping/writer", body={"backend_roles": ["r"]})
INDEX = SearchObject(method="PUT", path="/kept", body={})
MOMENT = timedelta(milliseconds=50)


@pytest.fixture(autouse=True)
def _without_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PAUSE", timedelta(milliseconds=1))


@pytest.fixture
def fake() -> Iterator[FakeOpenSearch]:
    with fake_opensearch.running() as cluster:
        yield cluster


@pytest.fixture
def cluster(fake: FakeOpenSearch) -> Cluster:
    return Cluster(fake.endpoint)


def _as_json(*objects: SearchObject) -> str:
    return json.dumps([{"method": one.method, "path": one.path, "body": one.body} for one in objects])


def _nobody() -> str:
    """An endpoint where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_objects_are_installed_in_their_order(fake: FakeOpenSearch, cluster: Cluster) -> None:
    index.install(cluster, [ROLE, MAPPING, TEMPLATE])
    assert fake.requests == [str(ROLE), str(MAPPING), str(TEMPLATE)]
    assert fake.objects == {one.path: one.body for one in (ROLE, MAPPING, TEMPLATE)}


def test_what_is_there_may_be_installed_again(fake: FakeOpenSearch, cluster: Cluster) -> None:
    index.install(cluster, [TEMPLATE])
    index.install(cluster, [SearchObject(method="PUT", path=TEMPLATE.path, body={"index_patterns": ["trips-*"]})])
    assert fake.objects == {TEMPLATE.path: {"index_patterns": ["trips-*"]}}


def test_an_index_that_is_there_already_stays_as_it_is(fake: FakeOpenSearch, cluster: Cluster) -> None:
    there = {"error": {"type": "resource_already_exists_exception", "reason": "index [kept/x] already exists"}}
    fake.answers = [(400, there)]
    index.install(cluster, [INDEX, TEMPLATE])
    assert fake.requests == [str(INDEX), str(TEMPLATE)]
    fake.answers = [(400, there)]
    with pytest.raises(InstallError, match="already exists"):
        index.install(cluster, [TEMPLATE])


@pytest.mark.parametrize(
    "answer",
    [
        (503, "OpenSearch Security not initialized."),
        (429, {"message": "Too many requests"}),
        (409, {"status": "CONFLICT", "message": "Conflict"}),
        (403, {"Message": "User: anonymous is not authorized to perform: es:ESHttpPut"}),
        (401, "Unauthorized"),
        CUT,
    ],
)
def test_what_passes_by_itself_is_waited_for(fake: FakeOpenSearch, cluster: Cluster, answer: tuple[int, Any]) -> None:
    fake.answers = [answer, answer]
    index.install(cluster, [TEMPLATE])
    assert fake.requests == [str(TEMPLATE)] * 3
    assert TEMPLATE.path in fake.objects


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (
            400,
            {
                "error": {
                    "root_cause": [],
                    "type": "illegal_argument_exception",
                    "reason": "composable template [trips] is invalid",
                    "caused_by": {"type": "mapper_parsing_exception", "reason": "No handler for type [dat]"},
                },
                "status": 400,
            },
            "illegal_argument_exception: composable template [trips] is invalid; mapper_parsing_exception: No handler "
            "for type [dat]",
        ),
        (
            400,
            {"status": "error", "reason": "Invalid configuration", "invalid_keys": {"keys": "users"}},
            'Invalid configuration {"keys": "users"}',
        ),
        (403, {"Message": "not authorized to perform: es:ESHttpPut"}, "not authorized to perform: es:ESHttpPut"),
        (400, {"statusCode": 400, "error": "Bad Request", "message": "no osd-xsrf"}, "Bad Request: no osd-xsrf"),
        (405, {"error": "Incorrect HTTP method"}, "Incorrect HTTP method"),
        (500, {"unknown": 1}, '{"unknown": 1}'),
        (502, "<html>\n  Bad\n  Gateway", "<html> Bad Gateway"),
        (503, "", "no reason given"),
    ],
)
def test_a_refusal_is_told_in_the_clusters_own_words(
    fake: FakeOpenSearch, cluster: Cluster, status: int, answer: Any, said: str
) -> None:
    fake.answers = [(status, answer)] * 1_000
    with pytest.raises(InstallError) as refusal:
        index.install(cluster, [TEMPLATE, ROLE], patience=MOMENT)
    assert str(refusal.value) == f"PUT /_index_template/trips at {fake.endpoint}: status {status}: {said}"
    assert str(ROLE) not in fake.requests


def test_what_the_cluster_refuses_for_good_is_not_repeated(fake: FakeOpenSearch, cluster: Cluster) -> None:
    fake.answers = [(400, {"error": "no"})]
    with pytest.raises(InstallError):
        index.install(cluster, [TEMPLATE])
    assert fake.requests == [str(TEMPLATE)]


def test_what_is_forbidden_is_given_up_before_what_does_not_work_yet(fake: FakeOpenSearch, cluster: Cluster) -> None:
    fake.answers = [(403, "no")]
    with pytest.raises(InstallError, match="status 403: no"):
        index.install(cluster, [TEMPLATE], access_grace=timedelta(0))
    fake.answers = [(503, "not yet")]
    index.install(cluster, [TEMPLATE], access_grace=timedelta(0))


def test_a_cluster_that_never_answers_is_named() -> None:
    endpoint = _nobody()
    with pytest.raises(InstallError) as refusal:
        index.install(Cluster(endpoint), [TEMPLATE], patience=timedelta(seconds=0.06))
    assert str(refusal.value) == f"PUT /_index_template/trips at {endpoint}: no answer within 0.001 minutes"


def test_a_message_fits_into_a_stack_event(fake: FakeOpenSearch, cluster: Cluster) -> None:
    fake.answers = [(400, "long " * 1_000)]
    with pytest.raises(InstallError) as refusal:
        index.install(cluster, [TEMPLATE])
    assert len(str(refusal.value)) == index.MESSAGE_LIMIT
    assert str(refusal.value).endswith("…")


def test_objects_are_deleted_in_reverse_order_and_a_missing_one_is_no_trouble(
    fake: FakeOpenSearch, cluster: Cluster
) -> None:
    index.install(cluster, [ROLE])
    fake.requests.clear()
    index.remove(cluster, [ROLE, MAPPING])
    assert fake.requests == [f"DELETE {MAPPING.path}", f"DELETE {ROLE.path}"]
    assert fake.objects == {}


def test_only_what_a_put_made_can_be_deleted(fake: FakeOpenSearch, cluster: Cluster) -> None:
    index.remove(cluster, [SearchObject(method="POST", path="/_aliases", body={})])
    assert fake.requests == []


def test_a_deletion_that_the_cluster_refuses_does_not_keep_the_others_from_theirs(
    fake: FakeOpenSearch, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    index.install(cluster, [ROLE])
    fake.answers = [(400, {"error": "in use"})]
    index.remove(cluster, [ROLE, TEMPLATE])
    assert fake.objects == {}
    assert "/_index_template/trips: not deleted: status 400: in use" in caplog.messages


def test_nothing_is_deleted_in_a_cluster_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = _nobody()
    index.remove(Cluster(endpoint), [ROLE, MAPPING], patience=MOMENT)
    assert f"{endpoint} does not answer: nothing is deleted there" in caplog.messages


class Stack:
    """CloudFormation with one resource of a stack, and the credentials of the function."""

    def __init__(self, fake: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch) -> None:
        self.endpoint = fake.endpoint
        fake.credentials = Credentials("AKIDEXAMPLE", "a-secret-key", "a-session-token")
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "a-secret-key",
            "AWS_SESSION_TOKEN": "a-session-token",
            "AWS_REGION": "eu-west-1",
        }.items():
            monkeypatch.setenv(name, value)
        self.properties: dict[str, str] = {}
        self.id = ""

    def _event(self, kind: str, properties: dict[str, str]) -> dict[str, Any]:
        event = {"RequestType": kind, "LogicalResourceId": "Templates", "ResourceProperties": properties}
        return event if kind == "Create" else {**event, "PhysicalResourceId": self.id}

    def deploy(self, *objects: SearchObject, endpoint: str = "") -> str:
        properties = {"Endpoint": endpoint or self.endpoint, "Objects": _as_json(*objects)}
        event = self._event("Update" if self.id else "Create", properties)
        if self.id:
            event["OldResourceProperties"] = self.properties
        self.id = index.on_event(event, None)["PhysicalResourceId"]
        self.properties = properties
        return self.id

    def destroy(self) -> dict[str, Any]:
        return index.on_event(self._event("Delete", self.properties), None)


@pytest.fixture
def stack(fake: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch) -> Stack:
    return Stack(fake, monkeypatch)


def test_every_request_to_a_domain_is_signed(fake: FakeOpenSearch, stack: Stack) -> None:
    stack.deploy(TEMPLATE, ROLE)
    stack.destroy()
    assert len(fake.requests) == 4  # an unsigned one would be refused, and repeated
    assert fake.objects == {}


def test_a_function_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    with pytest.raises(InstallError, match=r"^requests to a domain must be signed \(got no credentials\)"):
        index.signer("eu-west-1")


def test_an_update_installs_the_new_and_deletes_what_is_no_longer_there(fake: FakeOpenSearch, stack: Stack) -> None:
    before = stack.deploy(ROLE, MAPPING)
    fake.requests.clear()
    assert stack.deploy(TEMPLATE, MAPPING) == before
    assert fake.requests == [str(TEMPLATE), str(MAPPING), f"DELETE {ROLE.path}"]
    assert set(fake.objects) == {TEMPLATE.path, MAPPING.path}


def test_an_index_is_never_deleted(fake: FakeOpenSearch, stack: Stack) -> None:
    stack.deploy(TEMPLATE, INDEX)
    stack.deploy(TEMPLATE)
    assert set(fake.objects) == {TEMPLATE.path, INDEX.path}
    stack.deploy(TEMPLATE, INDEX)
    stack.destroy()
    assert set(fake.objects) == {INDEX.path}


def test_in_a_new_domain_it_is_a_new_resource_and_the_old_domain_is_left_to_its_deletion(
    fake: FakeOpenSearch, stack: Stack
) -> None:
    before = stack.deploy(ROLE)
    with fake_opensearch.running() as other:
        other.credentials = fake.credentials
        fake.requests.clear()
        assert stack.deploy(TEMPLATE, endpoint=other.endpoint) != before
        assert set(other.objects) == {TEMPLATE.path}
    assert fake.requests == []


def test_two_resources_of_a_domain_are_told_apart(stack: Stack) -> None:
    assert stack.deploy(TEMPLATE) == f"Templates@{stack.endpoint}"


def test_a_deletion_ends_well_when_the_domain_is_gone(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.id = "Templates@https://gone"
    stack.properties = {"Endpoint": _nobody(), "Objects": _as_json(TEMPLATE)}
    monkeypatch.setattr(index.remove, "__kwdefaults__", {"patience": MOMENT})
    assert stack.destroy() == {"PhysicalResourceId": "Templates@https://gone"}


def test_neither_bodies_nor_credentials_are_logged(
    fake: FakeOpenSearch, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=index.logger.name)
    fake.answers = [(503, "later")]
    stack.deploy(SearchObject(method="PUT", path="/_index_template/a", body={"index_patterns": ["a-body"]}))
    assert "PUT /_index_template/a: installed" in caplog.messages
    logged = " ".join(record.getMessage() for record in caplog.records if record.name == index.logger.name)
    assert not [word for word in ("a-body", "a-secret-key", "a-session-token", "AKIDEXAMPLE") if word in logged]
