"""The handler vnode, as an administrator gets it: by `vnode install`."""
import glob, os, shutil, subprocess
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


def install(node):
    programs()
    # As a DaemonSet would.
    mode = {"VNODE_PER_POD": "true"} if node.pods_mode == "per-pod" else {}
    print("# " + run("/opt/vnode/vnode", "install", "--containerd-config", CONFIG, env={**os.environ, **mode}).replace("\n", "\n# "), flush=True)
    if "limits" in node.lacks:
        # Under the one that leaves limits out of bundles.
        os.rename("/usr/local/bin/vnode-runtime", "/usr/local/lib/vnode-runtime")
        shutil.copy("/usr/local/lib/unlimited", "/usr/local/bin/vnode-runtime")
        os.makedirs("/etc/vnode", exist_ok=True)
        with open("/etc/vnode/config.toml", "a") as file:
            file.write('\nengine = "/usr/local/lib/runc"\n')
