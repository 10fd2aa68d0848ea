"""The installer and the preflight on a real node."""
import base64, json, os, re, subprocess
from pods.checks import case
from pods.node import CONFIG, run
from pods.pod import NODE, Pod

BROKEN = "/run/systemd/system/containerd.service.d/broken.conf"


def tell(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()


@case("the preflight", only="vnode", needs="limits")
def preflight(t, node):
    status, said = tell("vnode-fs", "check")
    t.equal("this node will do", (0, ""), (status, "\n".join(line for line in said.splitlines() if not line.startswith("ok"))))
    report = json.loads(run("vnode-fs", "check", "--format", "json"))
    t.equal("so says the report", (True, 14), (report["ok"], len(report["checks"])))
    t.equal("the trial left nothing", [], [name for name in os.listdir("/var/lib/containerd") if name.startswith(".vnode")])


@case("what the DaemonSet does", only="vnode", needs="systemd")
def daemonset(t, node):
    with open("/mnt/share/manifests/daemonset.yaml") as file:
        text = file.read()
    copy, installs, _, ready = (json.loads(words) for words in re.findall(r"command: (\[.*\])", text))
    memory = int(re.search(r"limits:\s+memory: (\d+)Mi", text).group(1))
    pod = Pod(node, "daemonset", "vnode", handler="runc", linux={
        "security_context": {"privileged": True, "namespace_options": {"pid": NODE}}})
    # The image's programs are those of the node here.
    mounts = [{"container_path": "/opt/vnode", "host_path": "/opt/vnode", "readonly": True},
              {"container_path": "/node", "host_path": pod.volume("node")}]
    t.equal("copies", 0, pod.run(copy, name="copy", mounts=mounts).exited().exit_code)
    programs = sorted(word.rsplit("/", 1)[1] for word in copy if word.startswith("/opt/"))
    t.equal("all programs", programs, sorted(os.listdir(mounts[1]["host_path"])))
    powers = {"security_context": {"privileged": True, "namespace_options": {"pid": NODE}}}
    # Bytes, as the API has them.
    value = base64.b64encode(str(node.pods_mode == "per-pod").lower().encode()).decode()
    mode = [{"key": "VNODE_PER_POD", "value": value}]
    for attempt in range(2):
        container = pod.run(installs, name="install", attempt=attempt, envs=mode, linux=powers)
        t.equal(f"installs, {attempt}", 0, container.exited().exit_code)
    t.equal("again there is nothing to do", "nothing to do", container.output())
    check = pod.run(name="check", linux={**powers, "resources": {"memory_limit_in_bytes": memory << 20}})
    t.equal("is ready", 0, check.exec(*ready)[0])


@case("the installer", only="vnode", needs="systemd")
def installer(t, node):
    with open(CONFIG) as file:
        installed = file.read()
    t.equal("done again it changes nothing", (0, "nothing to do"), tell("/opt/vnode/vnode", "install"))
    t.equal("from where it was installed to as well", (0, "nothing to do"), tell("vnode", "install"))
    t.equal("a mode that is none is refused", 125, tell("env", "VNODE_PER_POD=yes", "vnode", "install")[0])
    pod = Pod(node, "up")
    t.matches("vNodes that are up forbid to uninstall", "vNodes are up", tell("vnode", "uninstall")[1])
    pod.remove()
    t.equal("uninstall", 0, tell("vnode", "uninstall")[0])
    node.connect()
    with open(CONFIG) as file:
        before = file.read()
    t.true("takes the handler out", "vnode" not in before, before)
    t.equal("and the programs", False, os.path.exists("/usr/local/bin/vnode-runtime"))
    t.equal("again there is nothing to do", (0, "nothing to do"), tell("/opt/vnode/vnode", "uninstall"))
    t.equal("plain pods start", 0, Pod(node, "plain", handler="runc").status().state)
    node.remove_all()

    # A containerd that starts with any configuration but ours.
    os.makedirs(os.path.dirname(BROKEN), exist_ok=True)
    with open(BROKEN, "w") as file:
        file.write(f"[Service]\nExecStartPre=/bin/sh -c '! grep -q vnode {CONFIG}'\nRestart=no\n")
    run("systemctl", "daemon-reload")
    status, said = tell("/opt/vnode/vnode", "install")
    t.matches("when containerd does not come back, it says so", "does not come back.*the old configuration is back in place", said.replace("\n", " "))
    with open(CONFIG) as file:
        t.equal("the configuration is as it was", before, file.read())
    node.connect()
    t.equal("and containerd is up", 0, Pod(node, "plain2", handler="runc").status().state)
    node.remove_all()
    os.remove(BROKEN)
    run("systemctl", "daemon-reload")
    t.equal("then it goes", 0, tell("/opt/vnode/vnode", "install")[0])
    with open(CONFIG) as file:
        t.equal("with the configuration of before", installed, file.read())
    node.connect()
    t.equal("and pods of the handler start", (0, "on"), Pod(node, "again").run().exec("echo", "on"))
