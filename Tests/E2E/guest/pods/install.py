"""The handler vnode, as an administrator gets it: by `vnode install`."""
import contextlib, glob, os, shutil, subprocess
from .node import CONFIG, run


def programs():
    """From the shared disk to where they are installed from."""
    os.makedirs("/opt/vnode", exist_ok=True)
    for path in glob.glob("/mnt/share/bin/*"):
        shutil.copy(path, "/opt/vnode/")
    if glob.glob("/mnt/share/lib/*"):
        for path in glob.glob("/mnt/share/lib/*"):
            shutil.copy(path, "/usr/local/lib/")
        run("ldconfig")


def setting(key, value):
    """What the node's administrator writes, in the place of what it was before."""
    path, lines = "/etc/vnode/config.toml", []
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        with open(path) as file:
            lines = [line for line in file if not line.startswith(key + " =")]
    with open(path, "w") as file:
        file.writelines([f'{key} = "{value}"\n', *lines])


@contextlib.contextmanager
def also(lines):
    """More at the beginning of it, for a time."""
    path = "/etc/vnode/config.toml"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    kept = None
    if os.path.exists(path):
        with open(path) as file:
            kept = file.read()
    try:
        with open(path, "w") as file:
            file.write(lines + (kept or ""))
        yield
    finally:
        if kept is None:
            os.remove(path)
        else:
            with open(path, "w") as file:
                file.write(kept)


def install(node):
    programs()
    # As a DaemonSet would.
    mode = {"VNODE_PER_POD": "true"} if node.pods_mode == "per-pod" else {}
    print("# " + run("/opt/vnode/vnode", "install", "--containerd-config", CONFIG, env={**os.environ, **mode}).replace("\n", "\n# "), flush=True)
    if node.engine != "runc":
        setting("engine", f"/usr/bin/{node.engine}")
    if "limits" in node.lacks:
        # Under the one that leaves limits out of bundles.
        os.rename("/usr/local/bin/vnode-runtime", "/usr/local/lib/vnode-runtime")
        shutil.copy("/usr/local/lib/unlimited", "/usr/local/bin/vnode-runtime")
        setting("engine", "/usr/local/lib/runc")
