"""The command line of a job that a person starts: the values of its keys, and where it runs."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from flink_apps.common.arguments import Arguments
from flink_apps.common.options import Group, text
from flink_apps.common.properties import FILE_VARIABLE, SettingsError

PROPERTIES = [
    Group("Job")("Region", text(example="here"), "where"),
    Group("Job")("WriteUrl", text(example="there"), "what to write to"),
]


def parse(*arguments: str) -> Arguments:
    return Arguments.parse(arguments, PROPERTIES)


def test_without_arguments_nothing_is_changed() -> None:
    assert parse() == Arguments(group="Job", values={}, web_ui=False)


def test_each_key_has_its_value_and_the_interface_none() -> None:
    arguments = parse("--WriteUrl", "http://h/w", "--WebUI", "--Region", "--odd")
    assert arguments == Arguments(group="Job", values={"WriteUrl": "http://h/w", "Region": "--odd"}, web_ui=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--Regoin", "x"), "an argument must be a known key after -- (got 'Regoin'); did you mean Region?"),
        (("--webui",), "an argument must be a known key after -- (got 'webui')"),
        (("--Region",), "--Region must be followed by its value (got None); write --Region VALUE"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        parse(*arguments)


def test_values_win_over_those_of_the_property_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "properties.json"
    groups = {"Job": {"Region": "eu-west-1", "WriteUrl": "http://h/w"}, "Other": {"a": "b"}}
    file.write_text(json.dumps([{"PropertyGroupId": name, "PropertyMap": keys} for name, keys in groups.items()]))
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    given = parse("--Region", "us-east-1").property_groups()
    assert given == {**groups, "Job": {"Region": "us-east-1", "WriteUrl": "http://h/w"}}


def test_with_values_no_property_file_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "none.json"))
    assert parse("--Region", "us-east-1").property_groups() == {"Job": {"Region": "us-east-1"}}
    with pytest.raises(SettingsError, match="the property file must exist"):
        parse().property_groups()


def test_what_is_submitted_is_configured_by_whoever_submits_it() -> None:
    assert parse("--Region", "us-east-1").options() == {}


def test_what_runs_right_here_shows_its_interface_at_a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("localhost", 0)) as taken:
        first = taken.getsockname()[1]
        monkeypatch.setattr("flink_apps.common.arguments.FIRST_PORT", first)
        options = parse("--WebUI").options()
    assert first < int(options["rest.port"]) < first + 100
    assert options["rest.bind-port"] == options["rest.port"]
    assert options["pipeline.jars"].endswith("/lib/connectors.jar")
