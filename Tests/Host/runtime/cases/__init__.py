"""The checks of vnode-runtime: functions that take a machine, named by their doc strings."""

from . import life, pods, mounts, hostile, failures  # noqa: F401
