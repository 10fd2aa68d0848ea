"""What checks are made of, and the list of them."""

import os
import subprocess

from shim import run

CASES = []


def case(function):
    CASES.append((function.__doc__, function))
    return function


def expect(what, got, wanted):
    assert got == wanted, f"{what}: expected {wanted!r}, got {got!r}"


def has(text, *words):
    for word in words:
        assert word in text, f"expected \"{word}\" in \"{text}\""


def clean(machine):
    """Whatever a check that failed has left."""
    for name in os.listdir(machine.state + "/containers") if os.path.exists(machine.state + "/containers") else []:
        machine.runtime("delete", "--force", name.split(",")[-1])
    bundles = machine.scratch + "/bundles"
    for name in os.listdir(bundles) if os.path.exists(bundles) else []:
        subprocess.run(["umount", "-l", f"{bundles}/{name}/rootfs"], stderr=subprocess.DEVNULL)
        run("rm", "-rf", f"{bundles}/{name}", f"{machine.scratch}/layers/{name}")
    for path in ("/sys/fs/cgroup/unified/vnode-test-pods", "/sys/fs/cgroup/vnode-test-pods"):
        subprocess.run(["find", path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], stderr=subprocess.DEVNULL)
