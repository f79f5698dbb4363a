"""The CDK context as typed values. It is parsed once; unknown keys and invalid values are refused in one line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from flink_apps.common.options import Option
from flink_apps.common.properties import SettingsError, nearest
from flink_constructs.application import LogLevel, MetricsLevel
from flink_constructs.application_restore import Restore
from flink_constructs.data_stream import MAX_SHARDS
from flink_constructs.validation import InvalidArgumentError

T = TypeVar("T")

ZONE_PATTERN = r"^[a-z]+(-[a-z]+)+-[0-9][a-z]$"
#: Keys of the CDK's command line in the context that have no ``:`` or ``/``.
_CDK_KEYS = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})


def _shards_in_range(shards: int | str) -> int | str:
    if isinstance(shards, int) and not 1 <= shards <= MAX_SHARDS:
        raise ValueError(f"be from 1 to {MAX_SHARDS}, or on-demand")
    return shards


#: Shards of a stream; with ``on-demand`` the service scales them.
Shards = Annotated[int | Literal["on-demand"], AfterValidator(_shards_in_range)]
#: The SNS topic of a stack's alarms.
TopicArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_.-]+$")]


#: Whether there is a VPC, or which one.
Vpc = bool | Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]


_RESTORES = {"latest-snapshot": Restore.latest_snapshot(), "none": Restore.none()}
_NAMED = "snapshot:"


def _restore(text: str) -> str:
    if text not in _RESTORES and not re.fullmatch(rf"{_NAMED}[a-zA-Z0-9_.-]{{1,256}}", text):
        names = ", ".join(_RESTORES)
        raise ValueError(f"be {names} or {_NAMED}NAME, a NAME of letters, digits, '_', '.' and '-'")
    return text


#: The state that an application starts with.
RestoreFrom = Annotated[str, AfterValidator(_restore)]

#: Availability Zones of a new VPC, as many as every Region has.
ZONES = 2


def comma_separated(value: object) -> object:
    """``"kinesis, kafka"``, as the command line has it, as a list; anything else unchanged."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _two_or_three(zones: tuple[str, ...]) -> tuple[str, ...]:
    if zones and (len(zones) not in (2, 3) or len(set(zones)) < len(zones)):
        raise ValueError("name 2 or 3 different zones")
    return zones


class ContextError(InvalidArgumentError):
    """An invalid context value; the message states the name, the rule, the value received and the fix."""


def from_option(option: Option[T], *, default: T | None = None, meaning: str = "") -> Any:  # noqa: ANN401 - as pydantic's Field, which it is
    """A context key that becomes a property of the job, with the type, bounds, default and meaning of its option.

    Args:
        option: The job's option.
        default: The default of the key. Default: the option's own.
        meaning: The meaning of the key in the README. Default: the option's own.

    """
    field: FieldInfo = Field(  # type: ignore[assignment] # which Field does not say it is
        default=option.default if default is None else default, description=meaning or option.meaning
    )
    field.metadata.append(option)
    return field


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class ScenarioConfig(BaseModel):
    """The context keys of every scenario; in the context they are written with dashes."""

    model_config = ConfigDict(alias_generator=_kebab, extra="forbid", frozen=True, validate_default=True)

    scenario: ClassVar[str]

    parallelism: int = Field(default=1, ge=1, description="parallel tasks of every operator")
    parallelism_per_kpu: int = Field(default=1, ge=1, le=8, description="tasks that share one KPU (1 vCPU, 4 GB)")
    auto_scaling: bool = Field(default=False, description="let the service adapt the parallelism to the load")
    checkpoint_seconds: int = Field(default=60, ge=1, le=3600, description="checkpoint interval in seconds")
    snapshots: bool = Field(default=True, description="keep the state across updates and stops, in snapshots")
    restore: RestoreFrom = Field(
        default="latest-snapshot",
        description="state that every deployment starts the application with: `latest-snapshot`, `snapshot:NAME` or"
        " `none`; take the last two back after the deployment that they are for",
    )
    allow_non_restored_state: bool = Field(
        default=False, description="start although the snapshot has state of operators that the job has no more"
    )
    stable_for_seconds: int = Field(
        default=60,
        ge=0,
        le=600,
        description="seconds that the job has to run without a restart until a deployment has succeeded",
    )
    enhanced_snapshots: bool = Field(
        default=False, description="have snapshots that belong to the account; an application cannot go back to its own"
    )
    snapshot_hours: int = Field(
        default=0, ge=0, le=720, description="hours from one scheduled snapshot to the next; 0 schedules none"
    )
    snapshots_kept: int = Field(default=10, ge=1, le=500, description="scheduled snapshots that are kept")
    snapshot_days: int = Field(default=7, ge=1, le=3650, description="days that scheduled snapshots are kept")
    metrics_level: MetricsLevel = Field(
        default=MetricsLevel.APPLICATION, description="level of the metrics in CloudWatch"
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="lowest level of the messages that are logged")
    start: bool = Field(default=True, description="start the application after each deployment")
    retain: bool = Field(default=True, description="keep streams, clusters and logs when the stack is deleted")
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="ARN of the SNS topic that alarms notify; by default none"
    )
    vpc: Vpc | None = Field(
        default=None,
        description="run inside a VPC: true for a new one, or the id of yours; by default only if it is needed",
    )
    availability_zones: Annotated[
        tuple[Annotated[str, Field(pattern=ZONE_PATTERN)], ...],
        BeforeValidator(comma_separated),
        AfterValidator(_two_or_three),
    ] = Field(
        default=(),
        description="names of the 2 or 3 Availability Zones of a new VPC; by default the first 2 of the account, of"
        " which MSK may refuse one: in us-east-1 the one with the id use1-az3",
    )
    nat_gateways: int = Field(default=0, ge=0, le=2, description="NAT gateways of the VPC, for access to the internet")

    @classmethod
    def parse(cls, block: Mapping[str, Any]) -> Self:
        """Parse a context block.

        Raises:
            ContextError: A key is unknown, or a value invalid; the error is about the first one.

        """
        try:
            config = cls.model_validate(dict(block))
        except ValidationError as error:
            raise _explain(cls, error.errors()) from None
        config.check()
        return config

    def check(self) -> None:
        """Check the rules over several keys, except those that the job's parser checks.

        Raises:
            ContextError: A rule is broken.

        """

    def error(self, field: str, rule: str) -> ContextError:
        """An error about a field's value."""
        name = f"{self.scenario}.{_kebab(field)}"
        return ContextError(name, rule, getattr(self, field), f"change it in cdk.json or with -c {name}=…")

    @property
    def restored(self) -> Restore:
        """The state that the application starts with."""
        return _RESTORES.get(self.restore) or Restore.snapshot(self.restore.removeprefix(_NAMED))

    @property
    def number_of_zones(self) -> int:
        """How many Availability Zones a new VPC has."""
        return len(self.availability_zones) or ZONES

    @property
    def vpc_id(self) -> str | None:
        """The id of an existing VPC."""
        return self.vpc if isinstance(self.vpc, str) else None

    @classmethod
    def options(cls) -> dict[str, Option[Any]]:
        """The options of jobs behind the fields, by field name."""
        return {
            name: option
            for name, field in cls.model_fields.items()
            for option in field.metadata
            if isinstance(option, Option)
        }

    def values(self, options: Collection[Option[Any]]) -> dict[Option[Any], Any]:
        """Those of a job's ``options`` that are fields here, with their values; without the absent ones."""
        found = {option: getattr(self, name) for name, option in self.options().items() if option in options}
        return {option: value for option, value in found.items() if value is not None}

    def in_context_keys(self, error: SettingsError, keys: Mapping[str, str]) -> ContextError:
        """A job's error with context keys instead of property names.

        Args:
            error: The error of the job's parser.
            keys: Further context keys, by the names (``group/key``) of their options.

        """
        names = {option.name: _kebab(field) for field, option in self.options().items()} | dict(keys)
        words = {word: key for name, key in names.items() for word in (name, name.partition("/")[2])}
        in_text = re.compile(
            "|".join(rf"(?<![\w./]){re.escape(word)}(?![\w/])" for word in sorted(words, reverse=True))
        )

        def reworded(text: str) -> str:
            return in_text.sub(lambda match: words[match[0]], text)

        key = names.get(error.name)
        name = f"{self.scenario}.{key}" if key else reworded(error.name)
        return ContextError(name, reworded(error.rule), error.value, reworded(error.fix))

    @field_validator("*", mode="before")
    @classmethod
    def _as_the_job_reads_it(cls, value: object, info: ValidationInfo) -> object:
        """Parse an option's value with the option's own type, which checks the bounds."""
        option = cls.options().get(str(info.field_name))
        if option is None or value is None:
            return value
        text = value if isinstance(value, str) else _as_text(option, value)
        if not text.strip():
            return option.default
        try:
            return option.parse(text.strip())
        except SettingsError as error:
            raise PydanticCustomError("option", "{rule}", {"rule": error.rule, "fix": error.fix}) from None


def _as_text(option: Option[Any], value: object) -> str:
    """A JSON value, or a default, as the text of a property; a value of a wrong type becomes an invalid text."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return option.type.write(value)
    except (AttributeError, TypeError, ValueError):
        return str(value)


def scenario_blocks(context: Mapping[str, Any], scenarios: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The context block of each scenario, with the ``<scenario>.<key>`` overrides.

    Keys of the CDK itself (feature flags, look-ups, state of its command line) are allowed.

    Raises:
        ContextError: A key is unknown, or a block is not a block.

    """
    blocks: dict[str, dict[str, Any]] = {name: {} for name in scenarios}
    overrides = []
    for key, value in context.items():
        scenario, dot, option = key.partition(".")
        if key in blocks:
            if not isinstance(value, Mapping):
                raise ContextError(key, "be a block of keys", value, f"write -c {key}.<key>=<value>")
            blocks[key].update(value)
        elif dot and scenario in blocks:
            overrides.append((scenario, option, value))
        elif key not in ("stage", "scenario", *_CDK_KEYS) and ":" not in key and "/" not in key:
            known = ["stage", "scenario", *blocks]
            raise ContextError(key, "be a known context key", value, nearest(scenario, known))
    for scenario, option, value in overrides:
        blocks[scenario][option] = value
    return blocks


def _explain(model: type[ScenarioConfig], errors: list[ErrorDetails]) -> ContextError:
    """The error about the first invalid key; pydantic reports one error for each member of a union."""
    # For an invalid default, pydantic reports the field's name instead of the alias.
    key = _kebab(str(errors[0]["loc"][0]))
    name = f"{model.scenario}.{key}"
    if errors[0]["type"] == "extra_forbidden":
        known = sorted(_kebab(field) for field in model.model_fields)
        return ContextError(name, "be a known context key", errors[0]["input"], nearest(key, known))
    of_key = [error for error in errors if _kebab(str(error["loc"][0])) == key]
    # An invalid item also reduces the number of valid ones, which causes a second error.
    of_items = [error for error in of_key if error["type"] != "too_short"]
    rules = dict.fromkeys(_rule(error) for error in of_items or of_key)
    fix = of_key[0].get("ctx", {}).get("fix") or f"change it in cdk.json or with -c {name}=…"
    return ContextError(name, " or ".join(rules), of_key[0]["input"], fix)


def _rule(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "option":
            return str(context["rule"])
        case "int_parsing" | "int_type" | "int_from_float":
            return "be an integer"
        case "bool_parsing" | "bool_type":
            return "be true or false"
        case "greater_than":
            return f"be above {context['gt']}"
        case "greater_than_equal":
            return f"be at least {context['ge']}"
        case "less_than_equal":
            return f"be at most {context['le']}"
        case "enum" | "literal_error":
            return f"be {context['expected']}"
        case "too_short":
            return f"name at least {context['min_length']}"
        case "string_too_short":
            return f"have a length of at least {context['min_length']}"
        case "string_too_long":
            return f"have a length of at most {context['max_length']}"
        case "string_pattern_mismatch":
            return f"match {context['pattern']}"
        case "value_error":
            return str(context["error"])
        case _:
            return f"be valid: {error['msg']}"
