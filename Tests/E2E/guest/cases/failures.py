"""What fails says why and leaves nothing."""
import grpc, os, subprocess
from pods.checks import case
from pods.node import run
from pods.pod import Pod


def failure(function):
    try:
        function()
    except grpc.RpcError as error:
        return error.details()
    return "it did not fail"


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
    t.true("a working directory that cannot be", "did not fail" not in failure(bad.start))
    t.equal("the pod still takes containers", (0, "on"), pod.run(name="good").exec("echo", "on"))
    pod.remove()
    t.eventually("nothing is left", [], lambda: sorted(node.traces() - before))


@case("the command line")
def command_line(t, node):
    program = "runc" if node.handler == "runc" else "vnode-runtime"
    done = subprocess.run([program, "--root", "/run/containerd/runc/k8s.io", "delete", "--force", "nobody"], capture_output=True, text=True)
    t.equal("delete --force of the unknown succeeds", (0, ""), (done.returncode, done.stdout + done.stderr))
    done = subprocess.run([program, "--root", "/run/containerd/runc/k8s.io", "state", "nobody"], capture_output=True, text=True)
    t.true("state of the unknown fails", done.returncode != 0, done)
    done = subprocess.run([program, "features"], capture_output=True, text=True)
    t.matches("features are told", "ociVersionMin", done.stdout)
