"""Installs objects in an OpenSearch cluster: index templates, roles, whatever a ``PUT`` makes and a ``DELETE`` removes.

Also the saved objects of Dashboards, such as index patterns and charts, in the tenant that all users share.

``install`` needs nothing but a cluster that answers over HTTP, so that it serves a local node as well as a domain.
``on_event`` is its use in a CloudFormation custom resource, whose properties are:

- ``Endpoint``: ``https://`` and the domain's host,
- ``Objects``: a JSON text, a list of ``{"method": …, "path": …, "body": …}`` in the order in which to install them;
  ``{"saved_objects": […]}`` stands for the import of these. It is a text because CloudFormation turns every number and
  truth value of a property into one.

Whatever is installed may be installed again. When an object leaves the list, or the resource the stack, what its
``PUT`` or its import made is deleted, in reverse order, as long as the domain answers; documents are never touched. So
an index that is there already stays as it is, and none is deleted.

Neither bodies nor credentials are logged.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

#: Headers for a request with this method, URL, body and type of content.
Signer: TypeAlias = Callable[[str, str, bytes, str], Mapping[str, str]]

# A new domain's name, its network and its roles settle within minutes after CloudFormation takes it for ready.
INSTALL_PATIENCE = timedelta(minutes=8)
# Whoever may not do this after that will not be allowed to later.
ACCESS_GRACE = timedelta(minutes=3)
# A domain that is gone must not hold up the deletion of its stack.
REMOVE_PATIENCE = timedelta(minutes=1)
PAUSE = timedelta(seconds=5)
REQUEST_TIMEOUT = timedelta(seconds=30)
DASHBOARDS = "/_dashboards"
IMPORT = f"{DASHBOARDS}/api/saved_objects/_import?overwrite=true"
# Dashboards takes no request without the first; without the second, the objects would be the installer's own. Not tried
# against AWS: whether a domain with a sign-in by Cognito takes this one signed, or answers with the page to sign in.
DASHBOARDS_HEADERS = {"osd-xsrf": "true", "securitytenant": "global"}
JSON = "application/json"

# CloudFormation takes at most 4 KB per response, and the framework adds its own stack trace.
MESSAGE_LIMIT = 990
#: The outcome of a request that has done what it was for.
INSTALLED = "installed"

ACCESS_STATUSES = frozenset({401, 403})
# 409: the security plugin keeps its settings in one document, and somebody else has just changed it.
TRANSIENT_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504})


class InstallError(Exception):
    """An object could not be installed; the message has the request and what the cluster said."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= MESSAGE_LIMIT else f"{message[: MESSAGE_LIMIT - 1]}…")


@dataclass(frozen=True)
class SavedObjects:
    """Saved objects of Dashboards, each with ``type``, ``id``, ``attributes`` and ``references``."""

    objects: Sequence[Mapping[str, Any]]

    @property
    def paths(self) -> list[str]:
        """Where each of them is."""
        return [f"{DASHBOARDS}/api/saved_objects/{one['type']}/{one['id']}" for one in self.objects]

    def encoded(self) -> tuple[bytes, str]:
        """The form with which a file of them is uploaded, and its type of content."""
        boundary = secrets.token_hex(16)
        lines = "".join(f"{json.dumps(one)}\n" for one in self.objects)
        part = (
            'Content-Disposition: form-data; name="file"; filename="saved-objects.ndjson"\r\n'
            f"Content-Type: application/ndjson\r\n\r\n{lines}"
        )
        return f"--{boundary}\r\n{part}\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@dataclass(frozen=True, kw_only=True)
class SearchObject:
    """One object of a cluster, and the request that makes it; or several, made by one import."""

    method: str
    path: str
    body: Any

    @classmethod
    def from_json(cls, text: str) -> list[SearchObject]:
        """Read a list of objects."""
        return [
            cls.of_saved(one["saved_objects"])
            if "saved_objects" in one
            else cls(method=one["method"], path=one["path"], body=one["body"])
            for one in json.loads(text)
        ]

    @classmethod
    def of_saved(cls, objects: Sequence[Mapping[str, Any]]) -> SearchObject:
        """The import of saved objects."""
        return cls(method="POST", path=IMPORT, body=SavedObjects(objects))

    @property
    def makes(self) -> list[str]:
        """The paths of what a deletion can take back."""
        if isinstance(self.body, SavedObjects):
            return self.body.paths
        return [self.path] if self.method == "PUT" and not self.is_index else []

    @property
    def is_index(self) -> bool:
        """Whether this is an index, as only their names do not begin with an underscore."""
        return not self.path.startswith("/_")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Response:
    """What the cluster answered."""

    status: int
    text: str

    @property
    def succeeded(self) -> bool:
        """Whether the cluster did what it was asked for."""
        return 200 <= self.status < 300

    @property
    def found(self) -> bool:
        """Whether the cluster has an index of this name already."""
        return self.status == 400 and "resource_already_exists_exception" in self.text

    @property
    def problem(self) -> str:
        """The cluster's own words, in one line."""
        return f"status {self.status}: {problem_in(self.text)}"


class Cluster:
    """An OpenSearch cluster that answers at ``endpoint``, such as ``http://localhost:9201``."""

    def __init__(self, endpoint: str, *, sign: Signer | None = None) -> None:
        """Name the cluster; without ``sign`` its requests are not signed."""
        self.endpoint = endpoint.rstrip("/")
        self.sign = sign or (lambda _method, _url, _body, _content_type: {})

    def request(self, method: str, path: str, body: Any = None) -> Response:  # noqa: ANN401 - any JSON
        """Send one request.

        Raises:
            OSError: there was no answer.
            http.client.HTTPException: the answer was cut off.
        """
        url = f"{self.endpoint}{path}"
        data, content_type = encoded(body)
        headers = {"Content-Type": content_type, **self.sign(method, url, data, content_type)}
        if path.startswith(f"{DASHBOARDS}/"):
            headers |= DASHBOARDS_HEADERS
        request = urllib.request.Request(url, data=data or None, headers=headers, method=method)  # noqa: S310 - own endpoint
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT.total_seconds()) as answer:  # noqa: S310 - as above
                return Response(answer.status, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.read().decode(errors="replace"))


def encoded(body: Any) -> tuple[bytes, str]:  # noqa: ANN401 - any JSON, or saved objects
    """A body as it is sent, and its type of content."""
    if isinstance(body, SavedObjects):
        return body.encoded()
    return b"" if body is None else json.dumps(body).encode(), JSON


def problem_in(text: str) -> str:
    """Find the reason in an error that OpenSearch, its security plugin or the service in front of them answered."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return " ".join(text.split()) or "no reason given"
    error = answer.get("error")
    if isinstance(error, dict):
        reasons = []
        while isinstance(error, dict):
            reasons.append(f"{error.get('type')}: {error.get('reason')}")
            error = error.get("caused_by")
        return "; ".join(reasons)
    # The security plugin says "reason" or "message", the service "Message" or "message", Dashboards "error" as well.
    reason = answer.get("reason") or answer.get("message") or answer.get("Message")
    said = ": ".join(str(part) for part in (error, reason) if part)
    details = answer.get("invalid_keys")
    return f"{said} {json.dumps(details)}" if said and details else str(said or json.dumps(answer))


def import_problem(text: str) -> str | None:
    """What is wrong with an import that was answered in due form; None: all objects are there."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "success" not in answer:
        # Such as the page to sign in with, where the domain sends those it does not know.
        return f"this is no answer to an import: {' '.join(text.split())[:200] or 'nothing'}"
    if answer["success"]:
        return None
    refused = [
        f"{one.get('type')} {one.get('id')}: {json.dumps(one.get('error'))}" for one in answer.get("errors") or []
    ]
    return f"{answer.get('successCount', 0)} imported, not so {'; '.join(refused) or json.dumps(answer)}"


def send(
    cluster: Cluster,
    method: str,
    path: str,
    body: Any = None,  # noqa: ANN401 - any JSON
    *,
    until: float,
    access_until: float,
) -> Response | None:
    """Send a request until its answer is final, or the time of ``time.monotonic`` is over; None: never an answer."""
    while True:
        response: Response | None = None
        limit = until
        try:
            response = cluster.request(method, path, body)
            problem = response.problem
            if response.status in ACCESS_STATUSES:
                limit = access_until
            elif response.status not in TRANSIENT_STATUSES:
                return response
        except (OSError, http.client.HTTPException) as error:
            problem = f"no answer: {error}"
        if time.monotonic() + PAUSE.total_seconds() > limit:
            logger.warning("%s %s: %s", method, path, problem)
            return response
        logger.info("%s %s: trying again: %s", method, path, problem)
        time.sleep(PAUSE.total_seconds())


def install(
    cluster: Cluster,
    objects: Sequence[SearchObject],
    *,
    patience: timedelta = INSTALL_PATIENCE,
    access_grace: timedelta = ACCESS_GRACE,
) -> None:
    """Install the objects in their order, over what is there under the same name.

    Args:
        cluster: Where to.
        objects: What to install.
        patience: How long, for all of them, to wait for a cluster that does not answer yet, or is short of breath.
        access_grace: How long to repeat what the cluster forbids, as its permissions may take effect later.

    Raises:
        InstallError: the cluster refused one, or did not answer in time.

    """
    now = time.monotonic()
    until = now + patience.total_seconds()
    access_until = now + min(patience, access_grace).total_seconds()
    for one in objects:
        response = send(cluster, one.method, one.path, one.body, until=until, access_until=access_until)
        if response is None:
            raise InstallError(
                f"{one} at {cluster.endpoint}: no answer within {patience.total_seconds() / 60:g} minutes"
            )
        if not (response.succeeded or (one.is_index and response.found)):
            raise InstallError(f"{one} at {cluster.endpoint}: {response.problem}")
        if isinstance(one.body, SavedObjects) and (problem := import_problem(response.text)):
            raise InstallError(f"{one} at {cluster.endpoint}: {problem}")
        logger.info("%s: installed", one)


def remove(cluster: Cluster, objects: Sequence[SearchObject], *, patience: timedelta = REMOVE_PATIENCE) -> None:
    """Delete what the objects' ``PUT`` or import made, the last one first; never raises."""
    delete(cluster, [path for one in objects for path in one.makes], patience=patience)


def delete(cluster: Cluster, paths: Sequence[str], *, patience: timedelta = REMOVE_PATIENCE) -> None:
    """Delete what is at ``paths``, the last one first.

    Never raises: what cannot be deleted is said in the log, and the deletion of a stack goes on.
    """
    until = time.monotonic() + patience.total_seconds()
    for path in reversed(paths):
        response = send(cluster, "DELETE", path, until=until, access_until=until)
        if response is None:
            logger.warning("%s does not answer: nothing is deleted there", cluster.endpoint)
            return
        if response.succeeded or response.status == 404:
            logger.info("%s: deleted", path)
        else:
            logger.warning("%s: not deleted: %s", path, response.problem)


def signer(region: str) -> Signer:
    """Sign requests to a domain in ``region`` with the credentials that the process runs with.

    Raises:
        InstallError: it has none.

    """
    credentials = botocore.session.get_session().get_credentials()
    if credentials is None:
        raise InstallError("requests to a domain must be signed (got no credentials); give the process some")

    def sign(method: str, url: str, body: bytes, content_type: str) -> Mapping[str, str]:
        request = AWSRequest(method=method, url=url, data=body, headers={"Content-Type": content_type})
        SigV4Auth(credentials, "es", region).add_auth(request)
        return dict(request.headers.items())

    return sign


def on_event(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of CloudFormation, passed on by the provider framework.

    An import of saved objects that fails is told in ``Outcome``, and in the log.

    Raises:
        InstallError: a create or update failed; its message ends in the stack event.
    """
    properties = event["ResourceProperties"]
    cluster = Cluster(properties["Endpoint"], sign=signer(os.environ["AWS_REGION"]))
    objects = SearchObject.from_json(properties["Objects"])
    if event["RequestType"] == "Delete":
        remove(cluster, objects)
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    try:
        install(cluster, objects)
        outcome = INSTALLED
    except InstallError as error:
        if not all(isinstance(one.body, SavedObjects) for one in objects):
            raise
        # Nothing but a picture is missing, and it can be imported by hand: no reason to take a domain down again.
        outcome = str(error)
        logger.warning("not imported: %s", outcome)
    before = event.get("OldResourceProperties", {})
    if before.get("Endpoint") == properties["Endpoint"]:
        kept = {path for one in objects for path in (one.path, *one.makes)}
        made = [path for one in SearchObject.from_json(before["Objects"]) for path in one.makes]
        delete(cluster, [path for path in made if path not in kept])
    # In another domain it is another resource: CloudFormation then deletes the one in the old domain.
    return {
        "PhysicalResourceId": f"{event['LogicalResourceId']}@{properties['Endpoint']}",
        "Data": {"Outcome": outcome},
    }
