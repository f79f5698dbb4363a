"""Every server that stands for resources of a template, and what their clients raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException
from requests import RequestException

from local.errors import RunError
from local.services.kafka import KafkaService
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.prometheus import PrometheusService
from local.services.s3 import S3Service
from local.services.service import Service

#: Each stands for the resource types that its class names.
SERVICES: tuple[type[Service], ...] = (KinesisService, KafkaService, S3Service, OpenSearchService, PrometheusService)


@contextmanager
def client_errors() -> Iterator[None]:
    """Turn what a client raises about a server that stopped answering into a :class:`RunError`."""
    try:
        yield
    except (RequestException, KafkaException, BotoCoreError, ClientError) as error:
        raise RunError(str(error)) from error
