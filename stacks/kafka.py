"""The context keys of a Kafka cluster, for the scenarios that can have one."""

from __future__ import annotations

from pydantic import Field

from stacks.config import ScenarioConfig


class KafkaConfig(ScenarioConfig):
    """Context of a scenario whose records can be in topics."""

    brokers: int = Field(default=2, ge=2, le=60, description="brokers of the MSK cluster")
    partitions: int = Field(default=6, ge=1, le=4000, description="partitions of each topic")
