"""The API of Amazon Managed Service for Apache Flink (``kinesisanalyticsv2``), on this machine.

From the bottom up: the service's own model (``model``), what an application is (``configuration``, ``state``), what is
done to its job (``engine``, with one in memory and one on real Flink clusters), what each call does (``core``,
``lifecycle``, ``snapshots``, ``options``, ``listings``, together ``ControlPlane``), and HTTP (``server``).
"""

#: The port that the API prefers.
DEFAULT_PORT = 4577
