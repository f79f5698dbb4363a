"""How records are written: the formats, and the key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flink_apps.common.properties import Property, PropertyGroups, nearest
from flink_apps.common.tables import JSON, Format
from flink_apps.data_generator.records import RecordType

DEFAULT_FORMAT = JSON.name
#: Avro whose records begin with the number that the Confluent schema registry gives their schema.
WITH_REGISTRY = "avro-confluent"
FORMATS = (DEFAULT_FORMAT, "csv", "avro", WITH_REGISTRY)

FORMAT = Property(
    group="DataGen", key="format", default=DEFAULT_FORMAT, meaning=f"how records are written: {' or '.join(FORMATS)}"
)
KEY_FIELD = Property(
    group="DataGen",
    key="key.field",
    meaning="the field by which the sinks are partitioned; by default the record type's own",
)
SCHEMA_REGISTRY_URL = Property(
    group="DataGen",
    key="schema.registry.url",
    meaning=f"address of the schema registry; required by {WITH_REGISTRY}, and for nothing else",
)
PROPERTIES = (FORMAT, SCHEMA_REGISTRY_URL, KEY_FIELD)


@dataclass(frozen=True, kw_only=True)
class Written:
    """How records are written."""

    format_name: str = DEFAULT_FORMAT
    schema_registry_url: str | None = None

    @classmethod
    def from_property_groups(cls, groups: PropertyGroups) -> Written:
        """Read and check the properties, or raise :class:`SettingsError`."""
        name = FORMAT.required(groups, fix="write the name of a format")
        if name not in FORMATS:
            raise FORMAT.error("be a known format", name, nearest(name, FORMATS))
        url = SCHEMA_REGISTRY_URL.matching(
            groups, pattern=r"https?://\S+", rule="be an address", fix="write for example https://registry.example.com"
        )
        if (url is None) is (name == WITH_REGISTRY):
            rule = f"be set where {FORMAT.name} is {WITH_REGISTRY}, and only there"
            raise SCHEMA_REGISTRY_URL.error(rule, url, "change one of the two")
        return cls(format_name=name, schema_registry_url=url)

    def as_format(self, record_type: RecordType, *, destination: str) -> Format:
        """The format for records of a type on their way to a topic or stream, after which their schema is named."""
        if self.schema_registry_url:
            prefix = f"{WITH_REGISTRY}."
            options = {f"{prefix}url": self.schema_registry_url, f"{prefix}subject": f"{destination}-value"}
            return Format(name=WITH_REGISTRY, options=options)
        if self.format_name != DEFAULT_FORMAT:
            return Format(name=self.format_name)
        if any(field.optional for field in record_type.fields):
            # A field that a record does without is left out.
            return replace(JSON, options={**JSON.options, "json.encode.ignore-null-fields": "true"})
        return JSON


def key_field(groups: PropertyGroups, record_type: RecordType) -> str:
    """The field that the properties choose: one that every record has."""
    name = KEY_FIELD.text(groups) or record_type.partition_key
    if name not in record_type.keys:
        raise KEY_FIELD.error(
            f"be a field that every {record_type.name} has, with one value", name, nearest(name, record_type.keys)
        )
    return name
