"""The scenarios, once: from the context to the stacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk

from flink_constructs.bundle import BundleError
from flink_constructs.connector_jar import BuildError
from flink_constructs.validation import InvalidArgumentError
from stacks.config import STAGE_PATTERN, ContextError, nearest, scenario_blocks
from stacks.data_generator import DataGeneratorStack
from stacks.lottery import LotteryStack
from stacks.prometheus_metrics import PrometheusMetricsStack
from stacks.scenario import ScenarioStack
from stacks.streaming_etl import StreamingEtlStack
from stacks.taxi_analytics import TaxiAnalyticsStack

_STACKS: tuple[type[ScenarioStack], ...] = (
    DataGeneratorStack,
    PrometheusMetricsStack,
    StreamingEtlStack,
    LotteryStack,
    TaxiAnalyticsStack,
)
#: What a wrong context raises: its parsing, or the construct that a value ends up in.
REFUSALS = (InvalidArgumentError,)
#: What a bundle raises that cannot be built: no Maven, say, or more than the service takes.
FAILED_BUILDS = (BuildError, BundleError)
#: Every scenario by its name in the context and on the command line.
SCENARIOS = {stack.config_type.scenario: stack for stack in _STACKS}


def add_stacks(app: cdk.App) -> list[cdk.Stack]:
    """Add the stack of every scenario, or of the one that the context names, to ``app``.

    Raises:
        InvalidArgumentError: for a context that cannot be used.
        BuildError: for connectors that cannot be built.
        BundleError: for a bundle that cannot be made.

    """
    context: Mapping[str, Any] = app.node.get_all_context()
    stage, chosen = str(context.get("stage") or ""), context.get("scenario")
    if stage and not re.fullmatch(STAGE_PATTERN, stage):
        raise ContextError("stage", "be up to 20 small letters, digits and dashes", stage, "for example -c stage=load")
    if chosen is not None and chosen not in SCENARIOS:
        raise ContextError("scenario", "be a known scenario", chosen, nearest(str(chosen), SCENARIOS))
    blocks = scenario_blocks(context, SCENARIOS)
    configs = {name: SCENARIOS[name].config_type.parse(block) for name, block in blocks.items()}
    return [
        SCENARIOS[name](app, stack_name(name, stage), config=config)
        for name, config in configs.items()
        if chosen in (None, name)
    ]


def stack_name(scenario: str, stage: str = "") -> str:
    """``data-generator`` → ``DataGenerator``, or ``DataGenerator-load`` in the stage ``load``."""
    name = "".join(word.capitalize() for word in scenario.split("-"))
    return f"{name}-{stage}" if stage else name
