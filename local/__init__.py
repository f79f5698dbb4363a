"""The local run: the synthesized template and its bundle, on real servers of this machine."""

import os

from local.loopback import bypass_proxies

bypass_proxies(os.environ)
