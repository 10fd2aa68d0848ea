"""What fails says why and leaves nothing."""
import os, re, subprocess
from pods import install
from pods.checks import case
from pods.node import run
from pods.pod import Pod, failure


@case("failing containers")
def failing(t, node):
    Pod(node, "warm").run()
    node.remove_all()
    before = node.traces()
    pod = Pod(node, "failing")
    absent = pod.create(["/no/such/program"], name="absent")
    t.matches("a program that is not there", r"/no/such/program.*(no such file|not found)", failure(absent.start))
    volume = pod.volume("work")
    with open(volume + "/file", "w") as file:
        file.write("x")
    clash = pod.create(name="clash", mounts=[{"container_path": "/etc/passwd/sub", "host_path": volume}])
    t.matches("a mount that cannot be made", r"/etc/passwd", failure(clash.start))
    bad = pod.create(name="bad", working_dir="/proc/self/none")
    t.matches("a working directory that cannot be", r"(chdir|cwd|mkdir).*/proc/self/none", failure(bad.start))
    t.equal("the pod still takes containers", (0, "on"), pod.run(name="good").exec("echo", "on"))
    pod.remove()
    t.eventually("nothing is left", [], lambda: sorted(node.traces() - before))


@case("what vNodes refuse is said over CRI", only="vnode")
def refusals(t, node):
    keeper = Pod(node, "keeper")
    keeper.run()
    before = node.traces()
    pod = Pod(node, "refused")
    missing = f"{pod.directory}/volumes/kubernetes.io~secret/gone"
    gone = pod.create(name="gone", mounts=[{"container_path": "/x", "host_path": pod.volume("gone", "kubernetes.io~secret")}])
    os.rmdir(missing)
    t.matches("a volume that is gone, when its container starts", rf"vnode: .*{re.escape(missing)}: ENOENT", failure(gone.start))
    # Not of the kubelet's, so a path of the vNode: a file the node has is none of it.
    file = pod.create(name="file", mounts=[{"container_path": "/x", "host_path": "/etc/hostname"}])
    t.matches("a file of the node's", r"vnode: .*/etc/hostname", failure(file.start))
    pod.remove()

    with install.also("# x\nengin = 1\n"):
        t.matches("a slip in the configuration, by RunPodSandbox", r'vnode: /etc/vnode/config\.toml:2: unknown key "engin"',
                  failure(lambda: Pod(node, "slip", "slip")))
        t.equal("pods that are up are entered all the same", (0, "on"), keeper.containers[0].exec("echo", "on"))
        keeper.containers[0].stop(0)
        t.equal("and end", 137, keeper.containers[0].exited().exit_code)
    for pod in [pod for pod in node.pods if pod.id is None]:
        pod.forget()
    t.eventually("nothing is left", [], lambda: sorted(node.traces() - before))


@case("vnode-fs is not there", only="vnode", needs="systemd")
def no_daemon(t, node):
    run("systemctl", "stop", "vnode-fs")
    try:
        t.matches("RunPodSandbox says which and how to start it", r"vnode: .*vnode-fs", failure(lambda: Pod(node, "nobody", "nobody")))
    finally:
        run("systemctl", "start", "vnode-fs")
    t.equal("then pods start", (0, "on"), Pod(node, "somebody", "nobody").run().exec("echo", "on"))


@case("the command line")
def command_line(t, node):
    program = "runc" if node.handler == "runc" else "vnode-runtime"
    done = subprocess.run([program, "--root", "/run/containerd/runc/k8s.io", "delete", "--force", "nobody"], capture_output=True, text=True)
    t.equal("delete --force of the unknown succeeds", (0, ""), (done.returncode, done.stdout + done.stderr))
    done = subprocess.run([program, "--root", "/run/containerd/runc/k8s.io", "state", "nobody"], capture_output=True, text=True)
    t.true("state of the unknown fails", done.returncode != 0, done)
    done = subprocess.run([program, "features"], capture_output=True, text=True)
    t.matches("features are told", "ociVersionMin", done.stdout)
