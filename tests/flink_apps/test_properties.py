"""The property groups, as the service's file has them."""

import json
from pathlib import Path

import pytest

from flink_apps.common.properties import FILE_VARIABLE, SettingsError, read_property_groups


def test_the_property_file_of_the_service_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "application_properties.json"
    file.write_text(json.dumps([{"PropertyGroupId": "DataGen", "PropertyMap": {"records.per.second": "7"}}]))
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    assert read_property_groups() == {"DataGen": {"records.per.second": "7"}}


def test_a_missing_property_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"must exist .*nowhere.json.*{FILE_VARIABLE}"):
        read_property_groups(tmp_path / "nowhere.json")


@pytest.mark.parametrize("content", ["", "{}x", '{"a": 1}', '[{"PropertyGroupId": "A"}]', "[1]"])
def test_a_property_file_in_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "application_properties.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match="the property file must be a JSON list"):
        read_property_groups(file)
