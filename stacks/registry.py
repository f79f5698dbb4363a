"""From the context to the stacks of the scenarios."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import aws_cdk as cdk

import scenarios
from flink_apps.common.properties import nearest
from flink_constructs.bundle import BundleError
from flink_constructs.connector_jar import BuildError
from flink_constructs.validation import InvalidArgumentError
from stacks.config import ContextError, scenario_blocks
from stacks.project import STAGE_PATTERN, stack_name
from stacks.scenario import ScenarioStack

#: Errors about an invalid context, from its parsing or from the construct that gets a value.
REFUSALS = (InvalidArgumentError,)
#: Errors about a bundle that cannot be built, for example without Maven, or because it is too large.
FAILED_BUILDS = (BuildError, BundleError)


def stack_type(scenario: str) -> type[ScenarioStack]:
    """The class of a scenario's stack: ``data-generator`` → ``stacks.data_generator.DataGeneratorStack``."""
    found = getattr(scenarios.module("stacks", scenario), f"{scenarios.class_name(scenario)}Stack")
    return cast("type[ScenarioStack]", found)


def add_stacks(app: cdk.App) -> list[cdk.Stack]:
    """Add the stack of every scenario, or of the one that the context names, to ``app``.

    Raises:
        InvalidArgumentError: The context is invalid.
        BuildError: Connectors cannot be built.
        BundleError: A bundle cannot be made.

    """
    context: Mapping[str, Any] = app.node.get_all_context()
    stage, chosen = str(context.get("stage") or ""), context.get("scenario")
    if stage and not re.fullmatch(STAGE_PATTERN, stage):
        raise ContextError("stage", "be up to 20 small letters, digits and dashes", stage, "for example -c stage=load")
    if chosen is not None and chosen not in scenarios.NAMES:
        raise ContextError("scenario", "be a known scenario", chosen, nearest(str(chosen), scenarios.NAMES))
    blocks = scenario_blocks(context, scenarios.NAMES)
    configs = {name: stack_type(name).config_type.parse(block) for name, block in blocks.items()}
    return [
        stack_type(name)(app, stack_name(name, stage), config=config)
        for name, config in configs.items()
        if chosen in (None, name)
    ]
