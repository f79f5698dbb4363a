"""This machine's own servers, which no proxy reaches: not from here, and not from the processes that are started."""

from __future__ import annotations

from collections.abc import MutableMapping

_HOSTS = ("127.0.0.1", "localhost", "::1")


def bypass_proxies(environment: MutableMapping[str, str]) -> None:
    """Add this machine to the hosts that clients reach without the proxy that ``HTTP_PROXY`` or the like names.

    Both spellings are written, since clients differ in the one that they prefer.
    """
    named = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if named.strip() == "*":
        return
    hosts = [host for host in map(str.strip, named.split(",")) if host]
    value = ",".join([*hosts, *(host for host in _HOSTS if host not in hosts)])
    environment["no_proxy"] = environment["NO_PROXY"] = value
