"""The scenarios, once: from the context to the stacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk

from flink_constructs.validation import InvalidArgumentError
from stacks.config import STAGE_PATTERN, ContextError, scenario_blocks
from stacks.data_generator import DataGeneratorStack
from stacks.scenario import ScenarioStack

_STACKS: tuple[type[ScenarioStack], ...] = (DataGeneratorStack,)
#: What a wrong context raises: from its parsing, or from the construct that a value ends up in.
REFUSALS = (ContextError, InvalidArgumentError)
#: Every scenario by its name in the context and on the command line.
SCENARIOS = {stack.config_type.scenario: stack for stack in _STACKS}


def add_stacks(app: cdk.App) -> list[cdk.Stack]:
    """Add the stack of every scenario, or of the one that the context names, to ``app``.

    :raises REFUSALS: for a context that cannot be used, in one line.
    """
    context: Mapping[str, Any] = app.node.get_all_context()
    stage, chosen = str(context.get("stage") or ""), context.get("scenario")
    if stage and not re.fullmatch(STAGE_PATTERN, stage):
        raise ContextError("stage", "be up to 20 small letters, digits and dashes", stage, "for example -c stage=load")
    if chosen is not None and chosen not in SCENARIOS:
        raise ContextError("scenario", f"be one of {', '.join(SCENARIOS)}", chosen, "or leave it out for all")
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
