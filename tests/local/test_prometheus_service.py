"""The counterpart of Amazon Managed Service for Prometheus: values by themselves, then a real server.

Samples are written as the job writes them: remote write 1.0, that is Protocol Buffers in a Snappy block.
"""

import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
import requests
import yaml

from local.errors import RunError
from local.services import prometheus
from local.services.prometheus import PrometheusService, Series
from local.template import Template
from tests.local.started import started

RULES = {
    "groups": [{"name": "now", "interval": "1s", "rules": [{"record": "workspace:Ruled:avg", "expr": "avg(Ruled)"}]}]
}
REMOTE_WRITE_URL = {"Fn::Join": ["", [{"Fn::GetAtt": ["Metrics", "PrometheusEndpoint"]}, "api/v1/remote_write"]]}
WAYS = "get it: apt-get install prometheus, or brew install prometheus"


def template(rules: Mapping[str, Any] = RULES) -> Template:
    return Template(
        {
            "Resources": {
                "Metrics": {"Type": "AWS::APS::Workspace"},
                "Rules": {"Type": "AWS::APS::RuleGroupsNamespace", "Properties": {"Data": yaml.safe_dump(rules)}},
            }
        }
    )


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has nothing: the folder is all of its ``PATH``."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(prometheus, "_UNPACKED", tmp_path / "services" / "prometheus")
    return tmp_path


# Values by themselves


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        ("Metrics", "Ref", "arn:aws:aps:us-east-1:000000000000:workspace/Metrics"),
        ("Metrics", "Arn", "arn:aws:aps:us-east-1:000000000000:workspace/Metrics"),
        ("Metrics", "WorkspaceId", "Metrics"),
        ("Rules", "Arn", "arn:aws:aps:us-east-1:000000000000:rulegroupsnamespace/Rules"),
    ],
)
def test_a_workspace_is_referred_to_as_in_aws(tmp_path: Path, resource: str, name: str, value: str) -> None:
    service = PrometheusService(template(), tmp_path)
    assert service.attribute(service.template.resources[resource], name) == value


def test_the_address_that_a_template_makes_of_the_endpoint_is_replaced_by_the_servers(tmp_path: Path) -> None:
    service = PrometheusService(template(), tmp_path)
    resolved = service.template.resolve(REMOTE_WRITE_URL, service.attribute)
    assert service.replacements == {resolved: service.write_url}


@pytest.mark.parametrize(("resource", "name"), [("Metrics", "AlertManagerArn"), ("Rules", "PrometheusEndpoint")])
def test_an_attribute_without_a_local_value_is_named(tmp_path: Path, resource: str, name: str) -> None:
    service = PrometheusService(template(), tmp_path)
    with pytest.raises(RunError, match=f"the local Prometheus has no value for {name} of {resource}"):
        service.attribute(service.template.resources[resource], name)


def test_a_prometheus_on_the_path_is_taken(bare: Path) -> None:
    installed = program(bare, "prometheus", "exit 0")
    assert PrometheusService.fetch() == installed


@pytest.mark.usefixtures("bare")
def test_without_prometheus_and_apt_the_ways_to_get_it_are_named() -> None:
    with pytest.raises(RunError, match=f"missing: Prometheus; {WAYS}"):
        PrometheusService.fetch()


def test_a_download_that_fails_is_told_with_its_reason(bare: Path) -> None:
    program(bare, "apt-get", "echo 'W: a warning' >&2; echo 'E: Unable to locate package prometheus' >&2; exit 100")
    program(bare, "dpkg-deb", "exit 0")
    with pytest.raises(RunError, match=rf"could not download \(E: Unable to locate package prometheus\); {WAYS}"):
        PrometheusService.fetch()


def test_after_a_download_that_failed_the_next_one_is_tried(bare: Path) -> None:
    program(bare, "apt-get", "exit 100")
    program(bare, "dpkg-deb", "exit 0")
    with pytest.raises(RunError, match="it did not say why"):
        PrometheusService.fetch()
    program(bare, "apt-get", ": > prometheus_2.42.0_amd64.deb")
    assert PrometheusService.fetch() == bare / "services" / "prometheus" / "usr" / "bin" / "prometheus"


@pytest.mark.parametrize(
    ("version", "option"),
    [
        ("2.31.2", "--enable-feature=remote-write-receiver"),
        ("2.33.0", "--web.enable-remote-write-receiver"),
        ("3.5.0", "--web.enable-remote-write-receiver"),
    ],
)
def test_remote_writes_are_allowed_as_the_version_calls_it(bare: Path, version: str, option: str) -> None:
    program(bare, "prometheus", f"echo 'prometheus, version {version}+ds (branch: HEAD)'")
    assert option in PrometheusService(template(), bare / "run").process.command


def test_a_program_that_is_no_prometheus_is_refused(bare: Path) -> None:
    found = program(bare, "prometheus", "echo 'not found: python2' >&2; exit 1")
    with pytest.raises(RunError, match=rf"{found} does not tell Prometheus's version \(got not found: python2\)"):
        _ = PrometheusService(template(), bare / "run").version


# A real server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusService]:
    with started(PrometheusService(template(), tmp_path_factory.mktemp("prometheus"))) as service:
        yield service


def ago(seconds: int) -> datetime:
    """A moment that Prometheus can tell exactly: it counts milliseconds."""
    return datetime.now(UTC).replace(microsecond=123_000) - timedelta(seconds=seconds)


def write(server: PrometheusService, *series: Series) -> requests.Response:
    body = pa.compress(b"".join(message(1, time_series(one)) for one in series), codec="snappy", asbytes=True)
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    headers["X-Prometheus-Remote-Write-Version"] = "0.1.0"
    return requests.post(server.write_url, data=body, headers=headers, timeout=10)


def time_series(series: Series) -> bytes:
    labels = (message(1, name.encode()) + message(2, value.encode()) for name, value in sorted(series.labels.items()))
    samples = (b"\x09" + struct.pack("<d", value) + b"\x10" + varint(millis(at)) for at, value in series.samples)
    return b"".join([*(message(1, label) for label in labels), *(message(2, sample) for sample in samples)])


def message(field: int, content: bytes) -> bytes:
    """A field with a length, as Protocol Buffers write it."""
    return bytes([field << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


def millis(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def of(metric: str, instance: str, *samples: tuple[datetime, float]) -> Series:
    return Series(labels={"__name__": metric, "InstanceId": instance}, samples=tuple(samples))


def by_instance(found: Sequence[Series]) -> list[Series]:
    return sorted(found, key=lambda one: one.labels["InstanceId"])


@pytest.mark.integration
def test_samples_come_back_as_they_were_written(server: PrometheusService) -> None:
    written = [of("CPU", "1", (ago(9), 0.25), (ago(8), 1 / 3)), of("CPU", "2", (ago(9), 0.0))]
    assert write(server, *written).ok
    assert by_instance(server.samples("CPU")) == written


@pytest.mark.integration
def test_every_sample_counts_however_old_and_whatever_its_series(server: PrometheusService) -> None:
    assert write(
        server, of("Counted", "1", (ago(3000), 1), (ago(20), 1), (ago(10), 1)), of("Counted", "2", (ago(10), 1))
    ).ok
    assert server.count("Counted") == 4
    assert server.count('Counted{InstanceId="1"}') == 3


@pytest.mark.integration
def test_what_was_never_written_counts_nothing(server: PrometheusService) -> None:
    assert server.count("Nothing") == 0


@pytest.mark.integration
def test_series_are_listed_by_their_labels(server: PrometheusService) -> None:
    assert write(server, of("Listed", "1", (ago(5), 1)), of("Listed", "2", (ago(5), 1))).ok
    listed = server.series('{__name__="Listed"}')
    assert sorted(listed, key=lambda one: one["InstanceId"]) == [
        {"__name__": "Listed", "InstanceId": "1"},
        {"__name__": "Listed", "InstanceId": "2"},
    ]


@pytest.mark.integration
def test_an_expression_is_evaluated_at_the_moment_that_is_asked_for(server: PrometheusService) -> None:
    early, late = ago(60), ago(30)
    assert write(server, of("Moments", "1", (early, 1), (late, 2))).ok
    (then,) = server.query("Moments * 10", at=early)
    assert then.samples == ((early, 10.0),)
    assert then.metric == ""


@pytest.mark.integration
def test_a_range_has_a_sample_each_step(server: PrometheusService) -> None:
    start = ago(30)
    times = [start + timedelta(seconds=10 * step) for step in range(3)]
    assert write(server, of("Ranged", "1", *((at, float(n)) for n, at in enumerate(times)))).ok
    (found,) = server.query_range("Ranged", start=start, end=times[-1], step=timedelta(seconds=10))
    assert found.samples == tuple((at, float(n)) for n, at in enumerate(times))


@pytest.mark.integration
def test_a_number_is_a_series_without_labels(server: PrometheusService) -> None:
    (found,) = server.query("scalar(vector(7))")
    assert (found.labels, found.samples[0][1]) == ({}, 7.0)


@pytest.mark.integration
def test_an_expression_that_is_refused_is_told_with_the_reason(server: PrometheusService) -> None:
    with pytest.raises(RunError, match=r"Prometheus refused 'sum\(CPU': .*unclosed left parenthesis"):
        server.query("sum(CPU")


@pytest.mark.integration
def test_what_holds_no_samples_is_refused(server: PrometheusService) -> None:
    with pytest.raises(RunError, match="Prometheus gave a string"):
        server.query('"text"')


@pytest.mark.integration
def test_a_sample_older_than_its_series_last_one_is_refused_as_by_the_managed_service(
    server: PrometheusService,
) -> None:
    assert write(server, of("Ordered", "1", (ago(5), 1))).ok
    refused = write(server, of("Ordered", "1", (ago(9), 1)))
    assert (refused.status_code, "out of order" in refused.text) == (400, True)


@pytest.mark.integration
def test_the_templates_rules_are_evaluated(server: PrometheusService) -> None:
    assert write(server, of("Ruled", "1", (ago(0), 0.2)), of("Ruled", "2", (ago(0), 0.4))).ok
    deadline = time.monotonic() + 20
    while not (found := server.query("workspace:Ruled:avg")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [round(one.samples[0][1], 6) for one in found] == [0.3]


@pytest.mark.integration
def test_rules_that_prometheus_does_not_understand_end_the_start(tmp_path: Path) -> None:
    broken = {"groups": [{"name": "broken", "rules": [{"record": "a", "expr": "avg("}]}]}
    service = PrometheusService(template(broken), tmp_path)
    try:
        service.launch()
        with pytest.raises(RunError, match=r"Prometheus ended while it started: .*err"):
            service.create_resources()
    finally:
        service.process.kill()


@pytest.mark.integration
def test_nobody_else_in_the_network_reaches_the_server(server: PrometheusService) -> None:
    connections = psutil.Process(server.process.pid).net_connections(kind="inet")
    addresses = {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}


@pytest.mark.integration
def test_the_server_tells_its_version(server: PrometheusService) -> None:
    assert int(server.version.split(".")[0]) >= 2
