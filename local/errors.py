"""What can go wrong in a local run, by exit status."""

from __future__ import annotations


class UsageError(Exception):
    """Wrong use: one line, exit status 2."""


class RunError(Exception):
    """The job, or a server that it needs, failed: the root cause in a line, exit status 1."""


def server_errors() -> tuple[type[Exception], ...]:
    """What clients raise about a server that stopped answering; imported when something has gone wrong."""
    from botocore.exceptions import BotoCoreError, ClientError
    from confluent_kafka import KafkaException
    from requests import RequestException

    return (RequestException, KafkaException, BotoCoreError, ClientError)
