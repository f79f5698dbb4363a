"""Types whose resources are servers of their own: a Kafka broker, an OpenSearch node, a Prometheus."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from local.deploy.handler import Made, RefusedError, Request
from local.deploy.rehearsal import Rehearsal
from local.deploy.stack import Deployed, Stack
from local.deploy.types.base import Type, arn
from local.services.kafka import CLUSTER_TYPE, CONFIGURATION_TYPE
from local.services.opensearch import DOMAIN_TYPE
from local.services.prometheus import WORKSPACE_TYPE

_SECONDS = 30


class ServerType(Type):
    """A type whose resources are servers, or are in one."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        super().__init__(rehearsal.access)
        self.rehearsal = rehearsal


class KafkaConfiguration(ServerType):
    """``AWS::MSK::Configuration``: the broker that is started with it reads it."""

    def create(self, request: Request) -> Made:
        """Keep it."""
        physical_id = arn("kafka", f"configuration/{request.properties['Name']}/{request.name[-12:].lower()}")
        return Made(physical_id=physical_id, attributes={"Arn": physical_id, "LatestRevision.Revision": 1})

    def update(self, _request: Request, before: Deployed) -> Made:
        """Keep its next revision, which the broker here takes when it is made again."""
        revision = int(before.attributes["LatestRevision.Revision"]) + 1
        return Made(
            physical_id=before.physical_id,
            attributes={"Arn": before.physical_id, "LatestRevision.Revision": revision},
        )

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Forget it."""


class KafkaCluster(ServerType):
    """``AWS::MSK::Cluster``: one broker, with the settings of its configuration."""

    def create(self, request: Request) -> Made:
        """Start the broker."""
        name = f"kafka-{request.name[-12:].lower()}"
        physical_id = arn("kafka", f"cluster/{request.properties['ClusterName']}/{name}")
        request.note(physical_id)
        configuration = request.properties.get("ConfigurationInfo", {}).get("Arn")
        resources = {
            one.logical_id: {"Type": one.type, "Properties": dict(one.properties)}
            for one in request.stack.resources.values()
            if one.type == CONFIGURATION_TYPE and one.physical_id == configuration
        }
        resources[request.resource.logical_id] = {"Type": CLUSTER_TYPE, "Properties": {}}
        told = self.rehearsal.start_server(name, "Kafka", resources)
        return Made(physical_id=physical_id, attributes={"Arn": physical_id, "BootstrapServers": told["address"]})

    def update(self, _request: Request, before: Deployed) -> Made:
        """Keep it as it is: there is one broker, whatever its size."""
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Stop the broker."""
        self.rehearsal.stop_server(resource.physical_id.rpartition("/")[2])


class KafkaTopic(ServerType):
    """``AWS::MSK::Topic``."""

    def create(self, request: Request) -> Made:
        """Make a topic."""
        wanted = request.properties
        name = str(wanted["TopicName"])
        request.note(name)
        topic = NewTopic(name, num_partitions=int(wanted["PartitionCount"]), replication_factor=1)
        admin = self._admin(wanted["ClusterArn"], request.stack)
        admin.create_topics([topic])[name].result(timeout=_SECONDS)
        return Made(physical_id=name, attributes={"TopicArn": f"{wanted['ClusterArn']}/{name}"})

    def update(self, request: Request, before: Deployed) -> Made:
        """Give it more partitions."""
        name, count = before.physical_id, int(request.properties["PartitionCount"])
        if count != int(before.properties["PartitionCount"]):
            admin = self._admin(request.properties["ClusterArn"], request.stack)
            admin.create_partitions([NewPartitions(name, count)])[name].result(timeout=_SECONDS)
        return Made(physical_id=name, attributes=before.attributes)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Delete it with its records."""
        cluster = resource.properties["ClusterArn"]
        if not _servers(CLUSTER_TYPE, cluster, stack):
            return  # it went with its broker
        admin = self._admin(cluster, stack)
        try:
            admin.delete_topics([resource.physical_id])[resource.physical_id].result(timeout=_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise

    def _admin(self, cluster: str, stack: Stack) -> AdminClient:
        return AdminClient({"bootstrap.servers": bootstrap_servers(cluster, stack), "log_level": 0})


class KafkaBootstrapBrokers(ServerType):
    """``Custom::KafkaBootstrapBrokers``: a call of MSK, whose answer is the broker here whatever the sign-in."""

    def create(self, request: Request) -> Made:
        """Give the address of the cluster's broker."""
        wanted = json.loads(request.properties["Create"])
        address = bootstrap_servers(wanted["parameters"]["ClusterArn"], request.stack)
        return Made(
            physical_id=wanted["physicalResourceId"]["id"],
            attributes=dict.fromkeys(wanted["outputPaths"], address),
        )

    def update(self, request: Request, _before: Deployed) -> Made:
        """Give it again."""
        return self.create(request)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """There is nothing to delete."""


class SearchDomain(ServerType):
    """``AWS::OpenSearchService::Domain``: one node."""

    def create(self, request: Request) -> Made:
        """Start the node."""
        name = str(request.properties.get("DomainName", f"search-{request.name[-12:].lower()}"))
        request.note(name)
        domain = arn("es", f"domain/{name}")
        told = self.rehearsal.start_server(
            name, "OpenSearch", {request.resource.logical_id: {"Type": DOMAIN_TYPE, "Properties": {}}}, domain
        )
        host = told["address"].removeprefix("http://")
        return Made(physical_id=name, attributes={"Arn": domain, "DomainArn": domain, "DomainEndpoint": host})

    def update(self, _request: Request, before: Deployed) -> Made:
        """Keep it as it is: there is one node, whatever its size."""
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Stop the node."""
        self.rehearsal.stop_server(resource.physical_id)


class Workspace(ServerType):
    """``AWS::APS::Workspace``: a Prometheus."""

    def create(self, request: Request) -> Made:
        """Start the server."""
        name = f"ws-{request.name[-12:].lower()}"
        physical_id = arn("aps", f"workspace/{name}")
        request.note(physical_id)
        told = self.rehearsal.start_server(
            name, "Prometheus", {request.resource.logical_id: {"Type": WORKSPACE_TYPE, "Properties": {}}}, physical_id
        )
        attributes = {
            "Arn": physical_id,
            "WorkspaceId": name,
            "PrometheusEndpoint": f"{told['address']}/",
            "Server": told["server"],
            "Folder": told["folder"],
            "Process": told["pid"],
        }
        return Made(physical_id=physical_id, attributes=attributes)

    def update(self, _request: Request, before: Deployed) -> Made:
        """Keep it as it is."""
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Stop the server."""
        self.rehearsal.stop_server(resource.physical_id.rpartition("/")[2])


class Rules(ServerType):
    """``AWS::APS::RuleGroupsNamespace``: a file of rules."""

    def create(self, request: Request) -> Made:
        """Give the workspace its rules."""
        wanted = request.properties
        physical_id = f"{wanted['Workspace'].replace(':workspace/', ':rulegroupsnamespace/')}/{wanted['Name']}"
        request.note(physical_id)
        self._put(wanted["Workspace"], physical_id, str(wanted["Data"]), request.stack)
        return Made(physical_id=physical_id, attributes={"Arn": physical_id})

    def update(self, request: Request, before: Deployed) -> Made:
        """Give it other rules."""
        self._put(request.properties["Workspace"], before.physical_id, str(request.properties["Data"]), request.stack)
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, stack: Stack) -> None:
        """Take the rules away."""
        if _servers(WORKSPACE_TYPE, resource.properties["Workspace"], stack):
            self._put(resource.properties["Workspace"], resource.physical_id, None, stack)

    def _put(self, workspace: str, name: str, rules: str | None, stack: Stack) -> None:
        server = _server(WORKSPACE_TYPE, workspace, stack)
        file = Path(server["Folder"]) / "rules" / f"{name.rpartition('/')[2]}.yml"
        if rules is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(rules)
        address = str(server["Server"])
        before = _loaded(address)
        os.kill(int(server["Process"]), signal.SIGHUP)
        deadline = time.monotonic() + _SECONDS
        while (told := _loaded(address)) == before and time.monotonic() < deadline:
            time.sleep(0.1)
        if told[0] != "1":
            raise RefusedError(f"Data must be rules of Prometheus (its log says what is wrong: {server['Folder']})")


def bootstrap_servers(cluster: str, stack: Stack) -> str:
    """The address of a cluster's broker."""
    return str(_server(CLUSTER_TYPE, cluster, stack)["BootstrapServers"])


def _server(kind: str, physical_id: str, stack: Stack) -> Mapping[str, Any]:
    """The attributes of a resource that is a server."""
    for attributes in _servers(kind, physical_id, stack):
        return attributes
    raise RefusedError(f"{physical_id} must be one of the stack's own resources")


def _servers(kind: str, physical_id: str, stack: Stack) -> list[Mapping[str, Any]]:
    all_of_them = [*stack.resources.values(), *stack.doomed]
    return [one.attributes for one in all_of_them if (one.type, one.physical_id) == (kind, physical_id)]


def _loaded(address: str) -> tuple[str, str]:
    """Whether the latest configuration was taken, and when one was."""
    told = requests.get(f"{address}/metrics", timeout=10).text
    values = dict(line.rsplit(" ", 1) for line in told.splitlines() if not line.startswith("#"))
    name = "prometheus_config_last_reload_success"
    return values[f"{name}ful"], values[f"{name}_timestamp_seconds"]
