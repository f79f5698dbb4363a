"""Saved objects of Dashboards: how the handler imports and deletes them, what the construct passes on, and our own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk.assertions import Template
from botocore.credentials import Credentials

from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_handler import index
from flink_constructs.search_handler.index import Cluster, InstallError, SearchObject
from flink_constructs.validation import InvalidArgumentError
from stacks.project import ROOT
from tests.constructs import fake_opensearch
from tests.constructs.checks import findings, lint, new_stack, only, permissions
from tests.constructs.fake_opensearch import SAVED, FakeOpenSearch

TAXI = ROOT / "dashboards" / "search" / "taxi_analytics"
PATTERN = {"type": "index-pattern", "id": "trips", "attributes": {"title": "trips é"}, "references": []}
CHART = {
    "type": "visualization",
    "id": "chart",
    "attributes": {"title": "A chart"},
    "references": [{"name": "index", "type": "index-pattern", "id": "trips"}],
}
BOTH = [f"{SAVED}/index-pattern/trips", f"{SAVED}/visualization/chart"]


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


def test_all_objects_are_imported_at_once_into_the_tenant_that_all_share(
    fake: FakeOpenSearch, cluster: Cluster
) -> None:
    index.install(cluster, [SearchObject.of_saved([CHART, PATTERN])])
    assert fake.requests == [f"POST {SAVED}/_import?overwrite=true"]
    assert fake.saved == {"global": {BOTH[0]: PATTERN["attributes"], BOTH[1]: CHART["attributes"]}}


def test_what_is_there_is_imported_over(fake: FakeOpenSearch, cluster: Cluster) -> None:
    index.install(cluster, [SearchObject.of_saved([PATTERN])])
    index.install(cluster, [SearchObject.of_saved([{**PATTERN, "attributes": {"title": "new"}}])])
    assert fake.saved["global"] == {BOTH[0]: {"title": "new"}}


def test_dashboards_that_are_not_ready_yet_are_waited_for(fake: FakeOpenSearch, cluster: Cluster) -> None:
    fake.answers = [(503, "OpenSearch Dashboards server is not ready yet")]
    index.install(cluster, [SearchObject.of_saved([PATTERN])])
    assert list(fake.saved["global"]) == BOTH[:1]


def test_each_object_that_is_refused_is_named_with_the_reason(fake: FakeOpenSearch, cluster: Cluster) -> None:
    other = {**PATTERN, "id": "other"}
    with pytest.raises(InstallError) as refusal:
        index.install(cluster, [SearchObject.of_saved([other, CHART])])
    assert str(refusal.value) == (
        f"POST {SAVED}/_import?overwrite=true at {fake.endpoint}: 1 imported, not so visualization chart: "
        '{"type": "missing_references", "references": [{"name": "index", "type": "index-pattern", "id": "trips"}]}'
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<html>\n  Sign in", "this is no answer to an import: <html> Sign in"),
        ("", "this is no answer to an import: nothing"),
        ([1], "this is no answer to an import: [1]"),
        ({"success": False}, '0 imported, not so {"success": false}'),
    ],
)
def test_an_answer_that_does_not_say_success_is_a_failure(
    fake: FakeOpenSearch, cluster: Cluster, answer: Any, said: str
) -> None:
    fake.answers = [(200, answer)]
    with pytest.raises(InstallError) as refusal:
        index.install(cluster, [SearchObject.of_saved([PATTERN])])
    assert str(refusal.value).endswith(f"{fake.endpoint}: {said}")


def test_a_refused_request_is_told_with_its_reason(fake: FakeOpenSearch, cluster: Cluster) -> None:
    fake.answers = [(400, {"statusCode": 400, "error": "Bad Request", "message": "Unexpected token"})]
    with pytest.raises(InstallError, match=r"status 400: Bad Request: Unexpected token$"):
        index.install(cluster, [SearchObject.of_saved([PATTERN])])


def test_no_object_can_end_the_file_before_its_time(fake: FakeOpenSearch, cluster: Cluster) -> None:
    nasty = {**PATTERN, "attributes": {"title": 'a\r\n--\u2028--\r\n"b"'}}
    index.install(cluster, [SearchObject.of_saved([nasty])])
    assert fake.saved["global"][BOTH[0]] == nasty["attributes"]


class Stack:
    """CloudFormation with one resource of saved objects, and the credentials of the function."""

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

    def send(self, kind: str, *objects: Mapping[str, Any]) -> dict[str, Any]:
        before = self.properties
        if kind != "Delete":
            text = json.dumps([{"saved_objects": list(objects)}])
            self.properties = {"Endpoint": self.endpoint, "Objects": text}
        event = {
            "RequestType": kind,
            "LogicalResourceId": "Saved",
            "PhysicalResourceId": "an-id",
            "ResourceProperties": self.properties,
            "OldResourceProperties": before,
        }
        return index.on_event(event, None)


@pytest.fixture
def stack(fake: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch) -> Stack:
    return Stack(fake, monkeypatch)


def test_imports_and_deletions_are_signed(fake: FakeOpenSearch, stack: Stack) -> None:
    stack.send("Create", PATTERN, CHART)
    assert list(fake.saved["global"]) == BOTH
    fake.requests.clear()
    stack.send("Delete")
    assert fake.requests == [f"DELETE {BOTH[1]}", f"DELETE {BOTH[0]}"]  # an unsigned one would be repeated
    assert fake.saved == {"global": {}}


def test_an_object_that_leaves_the_list_is_deleted(fake: FakeOpenSearch, stack: Stack) -> None:
    stack.send("Create", PATTERN, CHART)
    stack.send("Update", PATTERN)
    assert list(fake.saved["global"]) == BOTH[:1]


def test_a_domain_passes_the_objects_on_as_they_are() -> None:
    stack = new_stack()
    SearchDomain(stack, "Search").add_saved_objects("Saved", [PATTERN, CHART])
    template = Template.from_stack(stack)
    resource = only(template, "Custom::OpenSearchDashboardsObjects")
    assert json.loads(resource["Properties"]["Objects"]) == [{"saved_objects": [PATTERN, CHART]}]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert findings(stack) == []
    assert lint(template) == []


def test_the_installer_may_post_what_the_template_posts_and_nothing_else() -> None:
    stack = new_stack()
    domain = SearchDomain(stack, "Search")
    domain.add_saved_objects("Saved", [PATTERN])
    domain.add_objects("Copy", [{"method": "POST", "path": "/_reindex?wait_for_completion=false", "body": {}}])
    template = Template.from_stack(stack)
    arn = {"Fn::GetAtt": [next(iter(template.find_resources("AWS::OpenSearchService::Domain"))), "Arn"]}
    posts = [paths for actions, paths in permissions(template, of="SearchInstallerRole") if "es:ESHttpPost" in actions]
    assert posts == [
        [{"Fn::Join": ["", [arn, path]]}] for path in ("/_dashboards/api/saved_objects/_import", "/_reindex")
    ]


def test_an_import_that_fails_is_told_and_fails_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    page = index.Response(200, "<html>sign in</html>")
    monkeypatch.setattr(index.Cluster, "request", lambda *_arguments: page)
    answer = stack.send("Create", PATTERN)
    assert "no answer to an import" in answer["Data"]["Outcome"]
    assert answer["PhysicalResourceId"]


def test_the_outcome_of_an_import_is_told(stack: Stack) -> None:
    assert stack.send("Create", PATTERN)["Data"] == {"Outcome": "installed"}


def test_what_waits_for_the_domain_does_not_wait_for_the_import() -> None:
    stack = new_stack()
    domain = SearchDomain(stack, "Search")
    imported = domain.add_saved_objects("Saved", [PATTERN])
    CfnResource(stack, "Job", type="Test::Job::Job").node.add_dependency(domain)
    template = Template.from_stack(stack)
    waits = set(only(template, "Test::Job::Job")["DependsOn"])
    assert set(template.find_resources("AWS::OpenSearchService::Domain")) <= waits
    assert stack.resolve(imported.ref)["Ref"] not in waits


def test_the_objects_go_with_a_domain_that_goes() -> None:
    stack = new_stack()
    SearchDomain(stack, "Search", removal_policy=RemovalPolicy.DESTROY).add_saved_objects("Saved", [PATTERN])
    resource = only(Template.from_stack(stack), "Custom::OpenSearchDashboardsObjects")
    assert resource["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([], r"objects must hold at least one \(got \[\]\); export"),
        ([{"id": "a", "attributes": {}}], r"the type of objects must have 1 to 100 letters, .* \(got ''\); rename"),
        ([{"type": "search", "id": "a/b", "attributes": {}}], r"the id of objects must have .* \(got 'a/b'\)"),
        ([{"type": "search", "id": "a"}], r"objects must have attributes \(got 'search a'\); export it"),
        ([PATTERN, PATTERN], r"objects must differ in type or id \(got 'index-pattern trips'\); leave one"),
    ],
)
def test_objects_that_dashboards_could_not_import_or_delete_are_refused(
    objects: list[dict[str, Any]], message: str
) -> None:
    domain = SearchDomain(new_stack(), "Search")
    with pytest.raises(InvalidArgumentError, match=f"^{message}"):
        domain.add_saved_objects("Saved", objects)


class Taxi:
    """The saved objects of taxi-analytics, and what is inside them."""

    def __init__(self) -> None:
        lines = (TAXI / "saved-objects.ndjson").read_text().splitlines()
        self.objects: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def attributes(self, kind: str, name: str) -> dict[str, Any]:
        [found] = [one["attributes"] for one in self.objects if (one["type"], one["id"]) == (kind, name)]
        return dict(found)

    def state(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.attributes("visualization", name)["visState"]))

    def aggregations(self, name: str) -> dict[str, tuple[str, str]]:
        return {one["schema"]: (one["type"], one["params"]["field"]) for one in self.state(name)["aggs"]}

    def filters(self, name: str) -> list[dict[str, Any]]:
        meta = self.attributes("visualization", name)["kibanaSavedObjectMeta"]
        return list(json.loads(meta["searchSourceJSON"])["filter"])


@pytest.fixture(scope="module")
def taxi() -> Taxi:
    return Taxi()


def _names_in(value: Any) -> set[str]:
    """The names of references that are used in ``value``, texts of JSON included."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        value = json.loads(value)
    if isinstance(value, dict):
        own = {one for key, one in value.items() if key.endswith("RefName")}
        return own.union(*(_names_in(one) for one in value.values()))
    return set().union(*(_names_in(one) for one in value)) if isinstance(value, list) else set()


def test_every_reference_of_the_taxi_objects_is_used_and_leads_to_one_of_them(taxi: Taxi) -> None:
    there = {(one["type"], one["id"]) for one in taxi.objects}
    assert len(there) == len(taxi.objects)
    for one in taxi.objects:
        assert {reference["name"] for reference in one["references"]} == _names_in(one["attributes"])
        assert {(reference["type"], reference["id"]) for reference in one["references"]} <= there


def test_every_field_of_a_taxi_chart_is_in_the_template_of_its_index(taxi: Taxi) -> None:
    charts = [one for one in taxi.objects if one["type"] == "visualization"]
    assert len(charts) == 2
    for chart in charts:
        [pattern] = {reference["id"] for reference in chart["references"]}
        body = json.loads((TAXI / f"{taxi.attributes('index-pattern', pattern)['title']}.json").read_text())
        used = {field for _, field in taxi.aggregations(chart["id"]).values()}
        used |= {key for one in taxi.filters(chart["id"]) for key in one["range"]}
        assert used <= set(body["template"]["mappings"]["properties"])


@pytest.mark.parametrize("name", ["pickup_count", "trip_duration"])
def test_a_taxi_index_has_a_strict_template_and_a_pattern_in_time(taxi: Taxi, name: str) -> None:
    body = json.loads((TAXI / f"{name}.json").read_text())
    assert body["index_patterns"] == [name]
    assert body["template"]["mappings"]["dynamic"] == "strict"
    [pattern] = [one["attributes"] for one in taxi.objects if one["attributes"]["title"] == name]
    assert body["template"]["mappings"]["properties"][pattern["timeFieldName"]] == {"type": "date"}


def test_the_map_weighs_places_by_their_pickups_and_leaves_out_those_with_fewer_than_3(taxi: Taxi) -> None:
    assert taxi.state("demand-map")["params"]["mapType"] == "Heatmap"
    assert taxi.aggregations("demand-map") == {
        "metric": ("sum", "pickup_count"),
        "segment": ("geohash_grid", "location"),
    }
    [only_filter] = taxi.filters("demand-map")
    assert only_filter["range"] == {"pickup_count": {"gte": 3}}
    assert only_filter["meta"]["disabled"] is only_filter["meta"]["negate"] is False


def test_the_line_chart_has_the_hourly_mean_duration_by_airport(taxi: Taxi) -> None:
    assert taxi.state("airport-trips")["type"] == "line"
    assert taxi.aggregations("airport-trips") == {
        "metric": ("avg", "avg_trip_duration"),
        "segment": ("date_histogram", "timestamp"),
        "group": ("terms", "airport_code"),
    }
    [histogram] = [one for one in taxi.state("airport-trips")["aggs"] if one["type"] == "date_histogram"]
    assert histogram["params"]["interval"] == "h"


def test_the_dashboard_shows_both_charts_side_by_side(taxi: Taxi) -> None:
    [dashboard] = [one for one in taxi.objects if one["type"] == "dashboard"]
    panels = {one["panelRefName"]: one["gridData"] for one in json.loads(dashboard["attributes"]["panelsJSON"])}
    shown = {one["id"]: panels[one["name"]] for one in dashboard["references"]}
    assert set(shown) == {"demand-map", "airport-trips"}
    left, right = shown["demand-map"], shown["airport-trips"]
    assert left["x"] + left["w"] <= right["x"]
    assert right["x"] + right["w"] <= 48  # columns of a dashboard


def test_the_taxi_objects_are_taken_by_dashboards_and_by_the_domain(fake: FakeOpenSearch, taxi: Taxi) -> None:
    SearchDomain(new_stack(), "Search").add_saved_objects("Saved", taxi.objects)
    index.install(Cluster(fake.endpoint), [SearchObject.of_saved(taxi.objects)])
    assert len(fake.saved["global"]) == len(taxi.objects) == 5
