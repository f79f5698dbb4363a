"""Contents of a search domain: index templates and saved objects, one folder per scenario. Graphs of its metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch

from dashboards.widgets import Graph
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_constructs.search_domain import SearchDomain

_FOLDER = Path(__file__).parent
#: The index template of the rejected documents, which every scenario needs.
_REJECTED_DOCUMENTS = _FOLDER / f"{REJECTED_DOCUMENTS}.json"
_SAVED_OBJECTS = "saved-objects.ndjson"


@dataclass(frozen=True, kw_only=True)
class SearchMetrics:
    """Metrics of a search domain; a graph without lines is left out."""

    indexing: Sequence[cloudwatch.IMetric] = ()
    """Documents indexed, per minute."""
    latency: Sequence[cloudwatch.IMetric] = ()
    """Latencies of requests, in milliseconds."""
    errors: Sequence[cloudwatch.IMetric] = ()
    """Requests that were refused or got no response, in 5 minutes."""
    state: Sequence[cloudwatch.IMetric] = ()
    """Metrics that are 1 while the domain is red, yellow, or blocks writes."""
    load: Sequence[cloudwatch.IMetric] = ()
    """CPU and JVM memory, in per cent."""
    free_storage: Sequence[cloudwatch.IMetric] = ()
    """Free disk of the fullest node, in MiB."""

    @classmethod
    def of(cls, domain: SearchDomain) -> SearchMetrics:
        """The metrics of ``domain``."""
        return cls(
            indexing=[domain.metric_indexing_rate()],
            latency=[domain.metric_indexing_latency_millis()],
            errors=[domain.metric_errors_4xx(), domain.metric_errors_5xx()],
            state=[
                domain.metric_cluster_status_red(),
                domain.metric_cluster_status_yellow(),
                domain.metric_index_writes_blocked(),
            ],
            load=[domain.metric_cpu_percent(), domain.metric_jvm_memory_pressure_percent()],
            free_storage=[domain.metric_free_storage_mib()],
        )

    def graphs(self) -> list[Graph]:
        """The graphs that have lines."""
        graphs = [
            Graph(title="Search: documents indexed (per minute)", left=self.indexing),
            Graph(title="Search: latency (ms)", left=self.latency),
            Graph(title="Search: errors (requests in 5 minutes)", left=self.errors),
            Graph(title="Search: state (1 is trouble)", left=self.state, maximum=1),
            Graph(title="Search: CPU and JVM memory (%)", left=self.load, limit=90, maximum=100),
            Graph(title="Search: free disk of the fullest node (MiB)", left=self.free_storage),
        ]
        return [graph for graph in graphs if graph.left]


def index_templates(scenario: str, **indices: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The index templates of a scenario, by name. They are the only definition of how documents are indexed.

    Args:
        scenario: Its name.
        **indices: The names of the indices of a template whose file does not have them, by the name of the template.

    """
    files = [_REJECTED_DOCUMENTS, *sorted((_FOLDER / scenario.replace("-", "_")).glob("*.json"))]
    templates = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    return {
        name: {"index_patterns": list(indices[name]), **template} if name in indices else template
        for name, template in templates.items()
    }


def saved_objects(scenario: str) -> list[dict[str, Any]]:
    """The saved objects of a scenario in OpenSearch Dashboards: index patterns, visualizations, the dashboard."""
    file = _FOLDER / scenario.replace("-", "_") / _SAVED_OBJECTS
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
