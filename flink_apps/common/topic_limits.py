"""How large a message a topic takes: one that its broker, or the producer, refuses would restart the job for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyflink.java_gateway import get_gateway

from flink_apps.common.ends.kafka import LARGEST_MESSAGE_BYTES, MAX_REQUEST_SIZE, KafkaTopic
from flink_apps.common.properties import SettingsError

logger = logging.getLogger("flink_apps")

#: The topic's own setting. A broker's default for all topics is told under this name, too.
_SETTING = "max.message.bytes"
#: For how long a start waits for the brokers. The job itself waits for them, or says why it cannot reach them.
_SECONDS = 20


def max_message_bytes(topic: KafkaTopic) -> int | None:
    """The largest message that a topic takes, or None where the brokers do not tell: the log has the reason."""
    jvm = get_gateway().jvm
    config, properties = jvm.org.apache.kafka.common.config, jvm.java.util.HashMap()
    for key, value in {"bootstrap.servers": topic.bootstrap_servers, **topic.client}.items():
        properties.put(key, value)
    resources = jvm.java.util.ArrayList()
    resources.add(config.ConfigResource(config.ConfigResource.Type.TOPIC, topic.name))
    try:
        admin = jvm.org.apache.kafka.clients.admin.AdminClient.create(properties)
        try:
            described = admin.describeConfigs(resources).all().get(_SECONDS, jvm.java.util.concurrent.TimeUnit.SECONDS)
            return int(described.get(resources[0]).get(_SETTING).value())
        finally:
            admin.close(jvm.java.time.Duration.ZERO)
    except Py4JJavaError as error:
        logger.warning("the topic %s does not tell its %s: %s", topic.name, _SETTING, error.java_exception.toString())
        return None


def check(
    ends: Iterable[object],
    *,
    least: int = LARGEST_MESSAGE_BYTES,
    limit: Callable[[KafkaTopic], int | None] = max_message_bytes,
) -> None:
    """Check that each topic that is written takes all that the producer sends.

    Args:
        ends: The job's sinks, of which only topics are checked.
        least: The smallest ``max.request.size`` of the producer that the job can do with.
        limit: The largest message that a topic takes.

    Raises:
        SettingsError: for the first one that does not.

    """
    for topic in ends:
        if not isinstance(topic, KafkaTopic):
            continue
        sent = topic.max_request_size
        if sent < least:
            raise SettingsError(MAX_REQUEST_SIZE, f"be at least {least:,}", sent, "raise it")
        taken = limit(topic)
        if taken is not None and taken < sent:
            fix = f"raise its {_SETTING}" + (f", or lower the producer's {MAX_REQUEST_SIZE}" if least < sent else "")
            raise SettingsError(f"the topic {topic.name}", f"take messages of {sent:,} bytes", taken, fix)
