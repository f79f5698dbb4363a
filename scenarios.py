"""The names of the scenarios, once. Each room has a module of that name, which is imported when it is needed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

#: Every scenario, by its name in the context and on the command line.
NAMES = ("data-generator", "prometheus-metrics", "streaming-etl", "lottery", "taxi-analytics")


def folder(name: str) -> str:
    """The name of a scenario's folders and modules: ``data-generator`` → ``data_generator``."""
    return name.replace("-", "_")


def class_name(name: str) -> str:
    """The prefix of a scenario's classes, and its stack's name: ``data-generator`` → ``DataGenerator``."""
    return "".join(word.capitalize() for word in name.split("-"))


def module(room: str, name: str) -> ModuleType:
    """A scenario's module in a room, such as ``stacks.data_generator`` or ``flink_apps.data_generator.settings``."""
    return import_module(f"{room}.{folder(name)}")
