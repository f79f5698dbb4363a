"""Which of Flink's options a job may set in its code, where the managed service runs it."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.version import __version__

#: From this version of Flink on, the service refuses a job that sets another option than the allowed ones.
STRICT_FROM = (2, 2)

#: The parts of the names of the allowed options, by what they begin with
#: (https://docs.aws.amazon.com/managed-flink/latest/java/programmatic-configuration.html).
_ALLOWED = {
    "execution.": "runtime-mode",
    "pipeline.": """
        auto-generate-uids auto-watermark-interval cached-files classpaths closure-cleaner-level force-avro force-kryo
        generic-types global-job-parameters jars jobvertex-parallelism-overrides max-parallelism name object-reuse
        operator-chaining.chain-operators-with-different-max-parallelism operator-chaining.enabled
        serialization-config vertex-description-mode vertex-name-include-index-prefix
        watermark-alignment.allow-unaligned-source-splits""",
    "python.": """
        execution-mode operator-chaining.enabled job-options internal.archives-key-map internal.files-key-map
        internal.requirements-file-key""",
    "table.": """
        builtin-catalog-name builtin-database-name catalog-modification.listeners column-expansion-strategy
        display.max-column-width dml-sync dynamic-table-options.enabled generated-code.max-length
        legacy-nested-row-nullability local-time-zone plan.compile.catalog-objects plan.force-recompile
        plan.restore.catalog-objects rtas-ctas.atomicity-enabled sql-dialect""",
    "table.exec.": """
        async-lookup.buffer-capacity async-lookup.key-ordered-enabled async-lookup.output-mode async-lookup.timeout
        async-ml-predict.max-concurrent-operations async-ml-predict.output-mode async-ml-predict.timeout
        async-scalar.max-attempts async-scalar.max-concurrent-operations async-scalar.retry-delay
        async-scalar.retry-strategy async-scalar.timeout async-state.enabled
        async-table.max-concurrent-operations async-table.max-retries async-table.retry-delay
        async-table.retry-strategy async-table.timeout async-vector-search.max-concurrent-operations
        async-vector-search.output-mode async-vector-search.timeout deduplicate.insert-update-after-sensitive-enabled
        deduplicate.mini-batch.compact-changes-enabled delta-join.cache-enabled disabled-operators
        iceberg.use-v2-sink interval-join.min-cleanup-interval legacy-cast-behaviour
        local-hash-agg.adaptive.distinct-value-rate-threshold local-hash-agg.adaptive.enabled
        local-hash-agg.adaptive.sampling-threshold mini-batch.allow-latency mini-batch.enabled mini-batch.size
        operator-fusion-codegen.enabled simplify-operator-name-enabled sink.keyed-shuffle
        sink.nested-constraint-enforcer sink.not-null-enforcer sink.rowtime-inserter sink.type-length-enforcer
        sink.upsert-materialize sink.upsert-materialize-strategy.adaptive.threshold.high
        sink.upsert-materialize-strategy.adaptive.threshold.low sink.upsert-materialize-strategy.type
        sort.async-merge-enabled sort.default-limit sort.max-num-file-handles source.cdc-events-duplicate
        source.idle-timeout spill-compression.block-size spill-compression.enabled state.ttl uid.format
        uid.generation unbounded-over.version window-agg.buffer-size-limit""",
    "table.optimizer.": """
        adaptive-broadcast-join.strategy agg-phase-strategy bushy-join-reorder-threshold delta-join.strategy
        distinct-agg.split.bucket-num distinct-agg.split.enabled dynamic-filtering.enabled incremental-agg-enabled
        join-reorder-enabled multi-join.enabled multiple-input-enabled non-deterministic-update.strategy
        reuse-optimize-block-with-digest-enabled reuse-sink-enabled reuse-source-enabled reuse-sub-plan-enabled
        runtime-filter.enabled skewed-join-optimization.skewed-factor skewed-join-optimization.skewed-threshold
        skewed-join-optimization.strategy source.report-statistics-enabled union-all-as-breakpoint-enabled""",
}
ALLOWED = frozenset(f"{start}{rest}" for start, names in _ALLOWED.items() for rest in names.split())


def where_allowed(options: Mapping[str, str], *, version: str = __version__) -> dict[str, str]:
    """Those of Flink's ``options`` that may be set in code: what only makes a job faster is left out where it may not.

    Args:
        options: The options with their values.
        version: Flink's version, such as ``1.20.5``.

    """
    major, minor, *_ = (int(part) for part in version.split(".")[:2])
    strict = (major, minor) >= STRICT_FROM
    return {option: value for option, value in options.items() if not strict or option in ALLOWED}
