"""Behind a proxy, this machine's own servers are reached without it."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from local.loopback import bypass_proxies
from local.process import environment
from stacks.project import ROOT

#: Nothing listens there: what goes to this proxy fails.
PROXY = "http://127.0.0.1:1"
CLIENTS = """
import sys, urllib.request
import local
import botocore.session, requests
from botocore.awsrequest import AWSRequest

address = sys.argv[1]
assert requests.get(address, timeout=5).ok
assert urllib.request.urlopen(address, timeout=5).status == 200
client = botocore.session.get_session().create_client(
    "s3", "us-east-1", endpoint_url=address, aws_access_key_id="local", aws_secret_access_key="local"
)
assert client._endpoint.http_session.send(AWSRequest("GET", address).prepare()).status_code == 200
"""


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("exempt", [None, "intern.example.org"])
def test_every_client_reaches_a_server_of_this_machine_past_the_proxy(address: str, exempt: str | None) -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), PROXY)
    variables = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    if exempt:
        variables["no_proxy"] = exempt
    done = subprocess.run(
        [sys.executable, "-c", CLIENTS, address],
        cwd=ROOT,
        env={**variables, **proxies},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "example.org, localhost"}, "example.org,localhost,127.0.0.1,::1"),
        ({"no_proxy": "example.org", "NO_PROXY": "ignored.org"}, "example.org,127.0.0.1,localhost,::1"),
    ],
)
def test_hosts_that_are_exempt_stay_so(before: dict[str, str], after: str) -> None:
    variables = dict(before)
    bypass_proxies(variables)
    assert variables == {"no_proxy": after, "NO_PROXY": after}


def test_where_no_host_goes_through_the_proxy_nothing_changes() -> None:
    variables = {"NO_PROXY": "*"}
    bypass_proxies(variables)
    assert variables == {"NO_PROXY": "*"}


def test_what_a_run_starts_is_told_so() -> None:
    assert "127.0.0.1" in environment()["NO_PROXY"].split(",")
