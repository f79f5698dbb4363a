"""The scenarios, named once. What belongs to one bears its name in every room, and is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

#: Every scenario, by its name in the context and on the command line.
NAMES = ("data-generator", "prometheus-metrics", "streaming-etl", "lottery", "taxi-analytics")


def folder(name: str) -> str:
    """The name of its folders and modules: ``data-generator`` → ``data_generator``."""
    return name.replace("-", "_")


def class_name(name: str) -> str:
    """What the names of its classes and of its stack begin with: ``data-generator`` → ``DataGenerator``."""
    return "".join(word.capitalize() for word in name.split("-"))


def module(room: str, name: str) -> ModuleType:
    """Its module in a room, such as ``stacks.data_generator``, or ``flink_apps.data_generator.settings``."""
    return import_module(f"{room}.{folder(name)}")
