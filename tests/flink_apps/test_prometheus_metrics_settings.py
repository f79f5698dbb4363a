"""The Prometheus metrics' property groups: what is read, and the one line about what is wrong."""

from __future__ import annotations

import re

import pytest

from flink_apps.common.ends.prometheus import PrometheusWorkspace
from flink_apps.common.properties import SettingsError
from flink_apps.prometheus_metrics.settings import GROUP, OPTIONS, Settings, Shares

WORKSPACE = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
Groups = dict[str, dict[str, str]]


def groups(**keys: str) -> Groups:
    return {GROUP: {"PrometheusWriteUrl": WORKSPACE, "Region": "eu-west-1", **keys}}


def read(**keys: str) -> Settings:
    return Settings.from_property_groups(groups(**keys))


def test_what_is_not_said_is_as_the_readme_has_it() -> None:
    assert read() == Settings(
        workspace=PrometheusWorkspace(write_url=WORKSPACE, region="eu-west-1", max_retries=2_147_483_647),
        sink_parallelism_divisor=1,
        min_samples=2,
        max_samples=10,
        sources=60,
        pause_millis=100,
    )


def test_the_region_is_the_applications_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert read(Region="").workspace.region == "eu-west-1"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9090/api/v1/write",
        "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
        "https://vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
    ],
)
def test_every_address_of_remote_write_is_taken(url: str) -> None:
    assert read(PrometheusWriteUrl=url).workspace.write_url == url


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"PrometheusWriteUrl": ""}, "PrometheusWriteUrl must be set (got None); write https://aps-workspaces."),
        (
            {"PrometheusWriteUrl": "https://h/workspaces/ws-1/api/v1/query"},
            "must be an address that ends with /api/v1/remote_write or /api/v1/write (got 'https://h/workspaces/ws-1/",
        ),
        ({"PrometheusWriteUrl": "ftp://h/api/v1/write"}, "must be an address that ends with"),
        ({"PrometheusWriteUrl": "https:///api/v1/write"}, "must be an address that ends with"),
        ({"PrometheusWriteUrl": "https://h/api/v1/write?a=b"}, "must be an address that ends with"),
        ({"PrometheusWriteUrl": "https://me:secret@h/api/v1/write"}, "must be an address that ends with"),
        ({"Region": "us-east-1"}, "PrometheusWriteUrl must be of Region, us-east-1 (got 'https://aps-workspaces.eu-"),
        ({"Region": "Ireland"}, "Region must be the name of a region (got 'Ireland')"),
        ({"SinkParallelismDivisor": "0"}, "SinkParallelismDivisor must be an integer from 1 to 256 (got '0')"),
        ({"MaxRequestRetryCount": "-1"}, "MaxRequestRetryCount must be an integer from 0 to 2147483647 (got '-1')"),
        ({"MaxRequestRetryCount": "many"}, "MaxRequestRetryCount must be an integer"),
        (
            {"GeneratorMinNrOfSamplesPerTimeSeries": "5", "GeneratorMaxNrOfSamplesPerTimeSeries": "4"},
            "GeneratorMaxNrOfSamplesPerTimeSeries must be at least GeneratorMinNrOfSamplesPerTimeSeries, 5 (got 4)",
        ),
        ({"GeneratorNumberOfDummySources": "1.5"}, "GeneratorNumberOfDummySources must be an integer from 1"),
        ({"GeneratorPauseBetweenTimeSeriesMs": "0"}, "GeneratorPauseBetweenTimeSeriesMs must be an integer from 1"),
        ({"PrometheusUrl": "x"}, "PrometheusUrl must be a known key (got 'PrometheusUrl'); did you mean Prometheus"),
    ],
)
def test_a_wrong_value_is_told_in_one_line(keys: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        read(**keys)
    assert "\n" not in str(caught.value)


def test_tasks_share_the_work_evenly() -> None:
    assert read(SinkParallelismDivisor="2").at(6) == Shares(generators=6, sources_each=10, sinks=3)
    assert read(SinkParallelismDivisor="4").at(6).sinks == 1


@pytest.mark.parametrize(
    ("keys", "parallelism", "message"),
    [
        ({}, 7, "GeneratorNumberOfDummySources must be a multiple of the parallelism, 7 (got 60); write 63, say"),
        ({"SinkParallelismDivisor": "3"}, 2, "SinkParallelismDivisor must be at most the parallelism, 2 (got 3)"),
        (
            {"GeneratorMaxNrOfSamplesPerTimeSeries": "61", "GeneratorPauseBetweenTimeSeriesMs": "1"},
            2,
            "GeneratorMaxNrOfSamplesPerTimeSeries must be at most 60, the milliseconds until a series is next",
        ),
    ],
)
def test_work_that_cannot_be_shared_is_refused_with_both_numbers(
    keys: dict[str, str], parallelism: int, message: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        read(**keys).at(parallelism)


def test_every_property_says_what_it_means() -> None:
    assert all(option.meaning and option.group == GROUP for option in OPTIONS)
