"""How records are written: the formats, and the key."""

from __future__ import annotations

from dataclasses import dataclass

from flink_apps.common.options import Group, choice, matching, text
from flink_apps.common.properties import PropertyGroups, nearest
from flink_apps.common.tables import JSON, JSON_WITHOUT_NULLS, Format
from flink_apps.data_generator.records import RecordType

DEFAULT_FORMAT = JSON.name
#: Avro with the framing of the Confluent schema registry: each record begins with the id of its schema.
WITH_REGISTRY = "avro-confluent"
FORMATS = (DEFAULT_FORMAT, "csv", "avro", WITH_REGISTRY)

_option = Group("DataGen")
FORMAT = _option("format", choice(*FORMATS), "format of the records", DEFAULT_FORMAT)
KEY_FIELD = _option(
    "key.field",
    text(example="ticker"),
    "field that the sinks use as partition key; by default the record type's own key",
)
SCHEMA_REGISTRY_URL = _option(
    "schema.registry.url",
    # Properties are no place for a password: the template and the service's console show them.
    matching(
        r"https?://[^\s@]+",
        values="an address with its scheme, and without a name or password",
        example="https://registry.example.com",
    ),
    f"address of the schema registry; required by the format {WITH_REGISTRY}, not allowed with others",
)
OPTIONS = (FORMAT, SCHEMA_REGISTRY_URL, KEY_FIELD)


@dataclass(frozen=True, kw_only=True)
class RecordFormat:
    """The format of the records, and the schema registry if it needs one."""

    name: str = DEFAULT_FORMAT
    schema_registry_url: str | None = None

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> RecordFormat:
        """Read and check the properties.

        Raises:
            SettingsError: A property is invalid.

        """
        name, url = FORMAT.read(groups), SCHEMA_REGISTRY_URL.find(groups)
        if (url is None) is (name == WITH_REGISTRY):
            rule = f"be set where {FORMAT.name} is {WITH_REGISTRY}, and only there"
            raise SCHEMA_REGISTRY_URL.error(rule, url, "change one of the two")
        return cls(name=name, schema_registry_url=url)

    def as_format(self, record_type: RecordType, *, destination: str) -> Format:
        """The format of a record type in a topic or stream; ``destination`` is its name, which names the schema."""
        if self.schema_registry_url:
            prefix = f"{WITH_REGISTRY}."
            options = {f"{prefix}url": self.schema_registry_url, f"{prefix}subject": f"{destination}-value"}
            return Format(name=WITH_REGISTRY, options=options)
        if self.name != DEFAULT_FORMAT:
            return Format(name=self.name)
        if any(field.optional for field in record_type.fields):
            return JSON_WITHOUT_NULLS
        return JSON


def key_field(groups: PropertyGroups, record_type: RecordType) -> str:
    """The configured partition key, a field that every record has."""
    name = KEY_FIELD.find(groups) or record_type.partition_key
    if name not in record_type.keys:
        raise KEY_FIELD.error(
            f"be a field that every {record_type.name} has, with one value", name, nearest(name, record_type.keys)
        )
    return name
