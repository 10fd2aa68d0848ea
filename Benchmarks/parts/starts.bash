# shellcheck shell=bash
# What a vNode adds to the start of a container: the same engine with and without it, taking turns.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

measure_starts() {
    local rounds=${quick:+3} round private=
    rounds=${rounds:-15}
    make_bundle "$work/bundle"
    # With a node daemon at the default socket there is no way to see what a private one costs.
    [ -S /run/vnode/vnode-fs.sock ] || private=1
    for ((round = 0; round < rounds; round++)); do
        time_command runc runc run --bundle "$work/bundle" "bench-$$-$round"
        [ -n "${root[vnode]:-}" ] || continue
        time_command vnode "$bin/vnode" run -- true
        [ -z "$private" ] || time_command private env -u VNODE_SOCKET "$bin/vnode" run -- true
    done >"$work/times"
    summarise "start true"
}

# An inner container more, and what is nearest to it without vNodes: one more container of the same engine that joins the
# namespaces of a running one, as a pod's do. Both are made whole: cgroup, mounts, root. (runc exec makes none of these.)
measure_execs() {
    local rounds=${quick:+3} round pause=bench-$$-pause kind joined=
    rounds=${rounds:-15}
    [ -n "${root[vnode]:-}" ] || return 1
    make_bundle "$work/pause"
    sed -i 's/"args": \["true"\]/"args": ["sleep", "600"]/' "$work/pause/config.json"
    trap 'runc delete --force "$pause"' EXIT
    trap 'exit 143' TERM
    runc run --detach --pid-file "$work/pause.pid" --bundle "$work/pause" "$pause" </dev/null >/dev/null 2>&1
    make_bundle "$work/joining"
    for kind in pid ipc uts network; do
        joined+="s|{\"type\": \"$kind\"}|{\"type\": \"$kind\", \"path\": \"/proc/$(<"$work/pause.pid")/ns/${kind/network/net}\"}|;"
    done
    sed -i -e "$joined" -e '/"hostname"/d' "$work/joining/config.json"
    for ((round = 0; round < rounds; round++)); do
        time_command runc runc run --bundle "$work/joining" "bench-$$-inner-$round"
        time_command vnode "$bin/vnode" exec "$vnode_up" -- true
    done >"$work/times"
    summarise "exec true"
}

# The root filesystem a vNode's inner container gets by default, in a container as a node runs them: no user namespace.
make_bundle() {
    local name
    mkdir -p "$1/rootfs"/{usr,proc,sys,dev,etc,tmp,run}
    for name in bin sbin lib lib64; do
        [ ! -e "/$name" ] || ln -s "usr/$name" "$1/rootfs/$name"
    done
    cat >"$1/config.json" <<'JSON'
{
  "ociVersion": "1.0.2",
  "process": {
    "user": {"uid": 0, "gid": 0}, "args": ["true"], "cwd": "/", "noNewPrivileges": true,
    "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
  },
  "root": {"path": "rootfs", "readonly": true},
  "hostname": "bench",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", "nosuid", "nodev", "noexec"]},
    {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]},
    {"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=755"]}
  ],
  "linux": {
    "namespaces": [
      {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"}, {"type": "network"}
    ]
  }
}
JSON
}
