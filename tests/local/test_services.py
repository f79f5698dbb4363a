"""The counterparts of S3 and OpenSearch, from a template written by hand: values by themselves, then for real."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from flink_constructs import search_installer
from local.errors import RunError
from local.services import opensearch
from local.services.opensearch import OpenSearchService
from local.services.registry import SERVICES
from local.services.s3 import S3Service
from local.services.service import Service
from local.template import Template
from tests.local.started import started

LONG_ID = "A" * 70 + "12AB34CD"
INDEX_TEMPLATE = {
    "index_patterns": ["trips-*"],
    "template": {"mappings": {"properties": {"pickup": {"type": "geo_point"}}}},
}


def template(installed: object = INDEX_TEMPLATE) -> Template:
    objects = json.dumps([{"method": "PUT", "path": "/_index_template/trips", "body": installed}])
    return Template(
        {
            "Resources": {
                "Named": {
                    "Type": "AWS::S3::Bucket",
                    "Properties": {"BucketName": {"Fn::Join": ["-", ["trips", {"Ref": "AWS::Region"}]]}},
                },
                LONG_ID: {"Type": "AWS::S3::Bucket"},
                "Search": {"Type": "AWS::OpenSearchService::Domain"},
                "Templates": {"Type": opensearch.OBJECTS_TYPE, "Properties": {"Objects": objects}},
            }
        }
    )


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Service]:
    with started(S3Service(template(), tmp_path_factory.mktemp("s3"))) as service:
        yield service


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearchService]:
    with started(OpenSearchService(template(), tmp_path_factory.mktemp("opensearch"))) as service:
        yield service


def index_document(search: OpenSearchService, index: str, **document: Any) -> None:
    search.request("POST", f"/{index}/_doc", document)


def test_what_is_installed_in_a_domain_has_the_type_that_the_node_looks_for() -> None:
    assert opensearch.OBJECTS_TYPE == search_installer.OBJECTS_TYPE


def test_each_kind_of_resource_has_one_counterpart() -> None:
    types = [kind for service in SERVICES for kind in service.resource_types]
    assert len(types) == len(set(types))


def test_a_bucket_has_the_templates_name_or_one_of_its_logical_id_that_is_short_enough(tmp_path: Path) -> None:
    assert S3Service(template(), tmp_path).bucket_names() == ["trips-us-east-1", "a" * 55 + "12ab34cd"]


@pytest.mark.parametrize(("name", "value"), [("Ref", "trips-us-east-1"), ("Arn", "arn:aws:s3:::trips-us-east-1")])
def test_a_bucket_is_referred_to_as_in_aws(tmp_path: Path, name: str, value: str) -> None:
    service = S3Service(template(), tmp_path)
    assert service.attribute(service.template.resources["Named"], name) == value


def test_flink_finds_s3_at_the_emulator(tmp_path: Path) -> None:
    service = S3Service(template(), tmp_path)
    assert service.flink_options["s3.endpoint"] == service.aws_endpoints["s3"] == service.address


@pytest.mark.parametrize(
    ("name", "value"), [("Ref", "search"), ("Arn", "arn:aws:es:us-east-1:000000000000:domain/search")]
)
def test_a_domain_is_referred_to_as_in_aws(tmp_path: Path, name: str, value: str) -> None:
    service = OpenSearchService(template(), tmp_path)
    assert service.attribute(service.template.resources["Search"], name) == value


def test_the_address_that_a_template_makes_of_a_domains_endpoint_is_replaced_by_the_nodes(tmp_path: Path) -> None:
    service = OpenSearchService(template(), tmp_path)
    endpoint = service.attribute(service.template.resources["Search"], "DomainEndpoint")
    assert service.replacements == {f"https://{endpoint}": service.address}


@pytest.mark.parametrize("kind", [S3Service, OpenSearchService])
def test_an_attribute_without_a_local_value_is_named(tmp_path: Path, kind: type[Service]) -> None:
    service = kind(template(), tmp_path)
    (resource, *_) = service.template.of_type(*kind.resource_types)
    with pytest.raises(RunError, match=f"has no value for WebsiteURL of {resource.logical_id}"):
        service.attribute(resource, "WebsiteURL")


@pytest.mark.integration
def test_the_templates_buckets_exist_and_nothing_else(s3: S3Service) -> None:
    found = [bucket["Name"] for bucket in s3.client.list_buckets()["Buckets"]]
    assert sorted(found) == sorted(s3.bucket_names())


@pytest.mark.integration
def test_an_object_is_read_as_it_was_written(s3: S3Service) -> None:
    for key in ("a/2", "a/1", "b/1"):
        s3.client.put_object(Bucket="trips-us-east-1", Key=key, Body=key.encode())
    assert s3.keys("trips-us-east-1", "a/") == ["a/1", "a/2"]
    assert s3.read("trips-us-east-1", "b/1") == b"b/1"


@pytest.mark.integration
def test_a_bucket_that_the_template_does_not_have_is_none(s3: S3Service) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.keys("others")


@pytest.mark.integration
def test_the_node_has_what_a_deployment_installs(search: OpenSearchService) -> None:
    index_document(search, "trips-installed", pickup={"lat": 40.7, "lon": -74.0})
    mappings = search.request("GET", "/trips-installed/_mapping")["trips-installed"]["mappings"]
    assert mappings["properties"]["pickup"] == {"type": "geo_point"}


@pytest.mark.integration
def test_every_document_is_found_at_once_whatever_the_number_of_pages(search: OpenSearchService) -> None:
    number = 2 * opensearch.PAGE + 1
    lines = "".join(f'{{"index":{{}}}}\n{{"n":{n}}}\n' for n in range(number))
    headers = {"Content-Type": "application/x-ndjson"}
    requests.post(f"{search.address}/trips-many/_bulk", lines, headers=headers, timeout=30).raise_for_status()
    assert search.count("trips-man*") == number
    assert sorted(hit["_source"]["n"] for hit in search.documents("trips-many")) == list(range(number))


@pytest.mark.integration
def test_an_index_that_nobody_has_written_is_empty(search: OpenSearchService) -> None:
    assert search.count("nobody") == 0
    assert list(search.documents("nobody")) == []


@pytest.mark.integration
def test_an_index_that_has_no_shard_yet_is_waited_for(search: OpenSearchService) -> None:
    nowhere = {"index.routing.allocation.require.node": "none"}
    search.request("PUT", "/trips-soon", {"settings": nowhere}, wait_for_active_shards="0")
    somewhere = {"index.routing.allocation.require.node": None}
    soon = threading.Timer(0.5, lambda: search.request("PUT", "/trips-soon/_settings", somewhere))
    soon.start()
    assert search.count("trips-soon") == 0
    soon.join()


@pytest.mark.integration
def test_what_the_node_refuses_is_told_in_its_own_words(search: OpenSearchService) -> None:
    with pytest.raises(RunError, match=r"OpenSearch refused PUT /NotSmall: .*must be lowercase"):
        search.request("PUT", "/NotSmall")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearchService]:
    """A node beside the first one, of a template with an object that no node takes."""
    wrong = template({"index_patterns": ["trips-*"], "colour": "red"})
    service = OpenSearchService(wrong, tmp_path_factory.mktemp("other"))
    try:
        service.launch()
        yield service
    finally:
        service.process.kill()


@pytest.mark.integration
def test_an_object_that_the_node_refuses_is_named(other: OpenSearchService) -> None:
    with pytest.raises(RunError, match=r"Templates could not be installed: .*colour"):
        other.create_resources()


@pytest.mark.integration
def test_two_nodes_stand_side_by_side_and_neither_joins_the_other(
    search: OpenSearchService, other: OpenSearchService
) -> None:
    with suppress(RunError):  # it has come up when it refuses the object
        other.create_resources()
    assert other.address != search.address
    assert [node.request("GET", "/_cluster/health")["number_of_nodes"] for node in (search, other)] == [1, 1]
