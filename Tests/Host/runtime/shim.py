"""Drives vnode-runtime as containerd's shim does: bundles on an overlay, the commands of go-runc, the end of a container awaited."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
import traceback

BIN = os.path.abspath(os.environ.get("VNODE_BIN", ".build/release"))
ROOT = "/run/vnode-runtime-test/k8s.io"
PROGRAMS = "sh cat ls id ps free hostname sleep echo touch stat ip true env readlink tty kill mount umount wc grep mkdir rm dd unshare mknod".split()
libc = ctypes.CDLL(None, use_errno=True)


def run(*words, **options):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options).stdout


def mount(source, place, kind):
    if libc.mount(source.encode(), place.encode(), kind.encode(), 0, None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), place)


def inside(pid, work):
    """Has `work` done by root of a process' user and mount namespaces."""
    child = os.fork()
    if child == 0:
        try:
            namespaces = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("user", "mnt")]
            for namespace in namespaces:
                if libc.setns(namespace, 0):
                    raise OSError(ctypes.get_errno(), "setns")
            os.setgid(0)
            os.setuid(0)
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        raise Ended("what was to be done inside failed")


class Ended(Exception):
    pass


class Machine:
    """A state directory, a daemon and bundles of one test run, below one directory."""

    def __init__(self, scratch, engine):
        self.scratch = scratch
        self.engine = engine
        self.state = scratch + "/state"
        self.socket = scratch + "/fs.sock"
        self.kubelet = "/var/lib/kubelet"
        # PR_SET_CHILD_SUBREAPER: containers become children of this process, as they become the shim's.
        libc.prctl(36, 1, 0, 0, 0)
        os.makedirs(self.state)
        self.lower = self.make_lower()
        self.daemon = None

    def make_lower(self):
        lower = self.scratch + "/layers/1/fs"
        for name in ("bin", "etc", "data"):
            os.makedirs(f"{lower}/{name}")
        os.makedirs(lower + "/tmp")
        os.chmod(lower + "/tmp", 0o1777)
        shutil.copy("/usr/bin/busybox", lower + "/bin/busybox")
        for name in PROGRAMS:
            os.symlink("busybox", f"{lower}/bin/{name}")
        with open(lower + "/etc/passwd", "w") as file:
            file.write("root:x:0:0::/:/bin/sh\n")
        os.makedirs(self.scratch + "/layers/0/fs")
        return lower

    def serve(self):
        words = [BIN + "/vnode-fs", "serve", "--socket", self.socket, "--state", self.scratch + "/fs"]
        self.daemon = subprocess.Popen(words, stderr=open(self.scratch + "/fs.log", "a"))
        for _ in range(1200):
            if os.path.exists(self.socket):
                return
            time.sleep(0.05)
        raise Ended("vnode-fs does not listen: " + open(self.scratch + "/fs.log").read())

    def stop_serving(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait()
            self.daemon = None

    def environment(self, more):
        variables = dict(os.environ, VNODE_STATE=self.state, VNODE_SOCKET=self.socket, VNODE_ENGINE=self.engine)
        variables.pop("VNODE_PER_POD", None)
        variables.update(more)
        return variables

    def runtime(self, *words, output=None, env={}, stdin=None, root=ROOT, log=None):
        log = log or self.scratch + "/log.json"
        if os.path.exists(log):
            os.unlink(log)
        words = [BIN + "/vnode-runtime", "--root", root, "--log", log, "--log-format", "json"] + list(words)
        ended = subprocess.run(
            words, stdout=output or subprocess.PIPE, stderr=subprocess.STDOUT, stdin=stdin or subprocess.DEVNULL, text=True,
            env=self.environment(env))
        ended.log = open(log).read() if os.path.exists(log) else ""
        return ended

    def vnodes(self):
        return sorted(os.listdir(self.state + "/vnodes")) if os.path.exists(self.state + "/vnodes") else []

    def records(self):
        return sorted(os.listdir(self.state + "/containers")) if os.path.exists(self.state + "/containers") else []

    def vnode(self, name):
        return json.load(open(f"{self.state}/vnodes/{name}/state.json"))


class Pod:
    def __init__(self, machine, identity, namespace):
        self.machine, self.identity, self.namespace = machine, identity, namespace
        self.uid = "test-" + identity

    def annotations(self, kind):
        prefix = "io.kubernetes.cri."
        return {prefix + "container-type": kind, prefix + "sandbox-id": self.identity, prefix + "sandbox-namespace": self.namespace,
                prefix + "sandbox-name": self.identity, prefix + "sandbox-uid": self.uid}

    def volume(self, name):
        path = f"{self.machine.kubelet}/pods/{self.uid}/volumes/kubernetes.io~empty-dir/{name}"
        os.makedirs(path, exist_ok=True)
        return path

    def forget(self):
        shutil.rmtree(f"{self.machine.kubelet}/pods/{self.uid}", ignore_errors=True)


def bind(source, destination, *options):
    return {"destination": destination, "type": "bind", "source": source, "options": ["rbind", "rprivate"] + list(options or ["rw"])}


class Container:
    """One container with its bundle; `pod` nil: ctr's."""

    def __init__(self, machine, identity, words, pod=None, kind="container", mounts=(), change=None, image=None, overlay=()):
        """`image`: a directory with a layer above the usual ones; `overlay`: options of the overlay."""
        self.machine, self.identity, self.pid = machine, identity, None
        self.bundle = f"{machine.scratch}/bundles/{identity}"
        self.snapshot = f"{machine.scratch}/layers/{identity}"
        os.makedirs(self.bundle + "/rootfs")
        os.makedirs(self.snapshot + "/fs")
        os.makedirs(self.snapshot + "/work")
        above = image + ":" if image else ""
        layers = f"lowerdir={above}{machine.lower}:{machine.scratch}/layers/0/fs,upperdir={self.snapshot}/fs,workdir={self.snapshot}/work"
        run("mount", "-t", "overlay", "overlay", "-o", ",".join([layers, *overlay]), self.bundle + "/rootfs")
        spec = self.spec(words, list(mounts))
        if pod:
            spec["annotations"] = pod.annotations(kind)
            spec["linux"]["cgroupsPath"] = f"/vnode-test-pods/{pod.identity}/{identity}"
        if kind == "sandbox":
            spec["hostname"] = identity
        if change:
            change(spec)
        with open(self.bundle + "/config.json", "w") as file:
            json.dump(spec, file)
        self.output_path = self.bundle + "/output"

    @staticmethod
    def spec(words, mounts):
        quiet = ["nosuid", "noexec", "nodev"]
        capabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_MKNOD"]
        return {
            "ociVersion": "1.1.0",
            "process": {
                "user": {"uid": 0, "gid": 0}, "args": words, "env": ["PATH=/bin"], "cwd": "/", "noNewPrivileges": True,
                "capabilities": {kind: capabilities for kind in ("bounding", "effective", "permitted")}, "oomScoreAdj": 1000},
            "root": {"path": "rootfs"},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc", "options": quiet},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                 "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
                {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": quiet},
                {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": quiet + ["ro"]},
                {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": quiet + ["relatime", "ro"]}] + mounts,
            "linux": {
                "resources": {"devices": [{"allow": False, "access": "rwm"}]},
                "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network", "cgroup")],
                "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware"], "readonlyPaths": ["/proc/sys", "/proc/bus"]}}

    def runtime(self, *words, **options):
        return self.machine.runtime(*words, **options)

    def create(self, *words, env={}, log=None):
        with open(self.output_path, "w") as output:
            ended = self.runtime(
                "create", "--bundle", self.bundle, "--pid-file", self.bundle + "/init.pid", *words, self.identity, output=output, env=env,
                log=log)
        if ended.returncode == 0:
            self.pid = int(open(self.bundle + "/init.pid").read())
        ended.stdout = self.output()
        return ended

    def start(self):
        ended = self.runtime("start", self.identity)
        if ended.returncode:
            raise Ended(f"start: {ended.stdout}{ended.log}")
        return self

    def begin(self, **options):
        ended = self.create(**options)
        if ended.returncode:
            raise Ended(f"create: {ended.stdout}{ended.log}")
        return self.start()

    def output(self):
        return open(self.output_path).read()

    def says(self, text):
        for _ in range(2400):
            if text in self.output():
                return self
            time.sleep(0.025)
        raise Ended(f"expected \"{text}\", got \"{self.output()}\"")

    def wait(self):
        """Its exit status, as the shim gets it."""
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def execute(self, *words, **more):
        """Runs a program in it to its end, and answers what that printed."""
        process = {"user": {"uid": 0, "gid": 0}, "args": list(words), "env": ["PATH=/bin"], "cwd": "/", "apparmorProfile": "not-there"}
        process.update(more)
        path = f"{self.bundle}/process.json"
        with open(path, "w") as file:
            json.dump(process, file)
        return self.runtime("exec", "--process", path, self.identity)

    def delete(self, *words):
        return self.runtime("delete", *words, self.identity)

    def end(self):
        """The end of it, whatever state it is in."""
        self.runtime("delete", "--force", self.identity)
        if self.pid:
            try:
                os.waitpid(self.pid, 0)
            except ChildProcessError:
                pass
        self.unmount()

    def unmount(self):
        subprocess.run(["umount", "-l", self.bundle + "/rootfs"], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.bundle, ignore_errors=True)
        shutil.rmtree(self.snapshot, ignore_errors=True)


def reap():
    """Whatever has become a child of this process and has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
