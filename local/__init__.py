"""The local run: the synthesized template and its bundle, on real servers of this machine."""
