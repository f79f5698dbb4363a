"""The CDK context as typed values: parsed once, with unknown keys and wrong values refused in one line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from flink_constructs.application import LogLevel, MetricsLevel
from flink_constructs.data_stream import MAX_SHARDS
from flink_constructs.validation import InvalidArgumentError

STAGE_PATTERN = r"[a-z][a-z0-9-]{0,19}"
#: What the CDK's command line keeps in the context under names without a ``:`` or a ``/``.
_CDK_KEYS = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})


def _some_shards(shards: int | str) -> int | str:
    if isinstance(shards, int) and not 1 <= shards <= MAX_SHARDS:
        raise ValueError(f"be from 1 to {MAX_SHARDS}, or on-demand")
    return shards


#: Shards of a stream; ``on-demand`` leaves their number to the service.
Shards = Annotated[int | Literal["on-demand"], AfterValidator(_some_shards)]
#: The SNS topic of a stack's alarms.
TopicArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_.-]+$")]


class ContextError(InvalidArgumentError):
    """A context value that breaks its rule: the message has the name, the rule, the value received and the fix."""


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class ScenarioConfig(BaseModel):
    """What every scenario can be told in its context block; the keys are written with dashes."""

    model_config = ConfigDict(alias_generator=_kebab, extra="forbid", frozen=True, validate_default=True)

    scenario: ClassVar[str]

    parallelism: int = Field(default=1, ge=1, description="parallel tasks of every operator")
    parallelism_per_kpu: int = Field(default=1, ge=1, le=8, description="tasks that share one KPU (1 vCPU, 4 GB)")
    auto_scaling: bool = Field(default=False, description="let the service change the parallelism with the load")
    checkpoint_seconds: int = Field(default=60, ge=1, le=3600, description="seconds between two checkpoints")
    snapshots: bool = Field(default=True, description="keep the state over updates and stops")
    metrics_level: MetricsLevel = Field(default=MetricsLevel.APPLICATION, description="detail of CloudWatch's metrics")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="least severe messages that are logged")
    start: bool = Field(default=True, description="start the application after each deployment")
    retain: bool = Field(default=True, description="keep streams, clusters and logs when the stack is deleted")

    @classmethod
    def parse(cls, block: Mapping[str, Any]) -> Self:
        """Read a context block, or raise :class:`ContextError` about the first thing that is wrong with it."""
        try:
            return cls.model_validate(dict(block))
        except ValidationError as error:
            raise _explain(cls, error.errors()) from None


def vpc_where_needed(vpc: bool | None, *, needed: bool, by: str) -> bool | None:
    """``vpc`` as it is; a validator's error where it is false although ``by``, which the message names, needs one."""
    if vpc is False and needed:
        raise ValueError(f"be true where {by} is used, which is reached from a VPC alone")
    return vpc


def gateways_of_a_vpc(gateways: int, *, in_vpc: bool) -> int:
    """``gateways`` as they are; a validator's error where there are some, and no VPC."""
    if gateways and not in_vpc:
        raise ValueError("be 0 where there is no VPC")
    return gateways


def scenario_blocks(context: Mapping[str, Any], scenarios: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The context block of each scenario, with ``<scenario>.<key>`` overrides in it, or :class:`ContextError`.

    Keys of the CDK itself (feature flags, look-ups, what its command line remembers) pass.
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


def nearest(key: str, known: Collection[str]) -> str:
    """What to do about an unknown key: the known one that is most like it, or all of them."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"


def _explain(model: type[ScenarioConfig], errors: list[ErrorDetails]) -> ContextError:
    """Say what is wrong with the first key that has an error; a union has one error for each of its members."""
    # A default that breaks a rule is told of by the field's name.
    key = _kebab(str(errors[0]["loc"][0]))
    name = f"{model.scenario}.{key}"
    if errors[0]["type"] == "extra_forbidden":
        known = [_kebab(field) for field in model.model_fields]
        return ContextError(name, "be a known context key", errors[0]["input"], nearest(key, known))
    of_key = [error for error in errors if _kebab(str(error["loc"][0])) == key]
    # A wrong item is also missing from the number of right ones.
    of_items = [error for error in of_key if error["type"] != "too_short"]
    rules = dict.fromkeys(_rule(error) for error in of_items or of_key)
    return ContextError(name, " or ".join(rules), of_key[0]["input"], f"change it in cdk.json or with -c {name}=…")


def _rule(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "be a whole number"
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
