# shellcheck shell=bash
# The whole cost of a vNode in which nothing happens: its kernel objects and its first process. The daemon's part is in scale.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

idle_names=()

# Nothing says whose kernel memory is, so vNodes are added in steps and a line is laid through what the machine has: its slope
# is the cost of one, its standard error what the rest of the machine did meanwhile.
measure_idle() {
    local steps=8 step=25 turn number=0 name
    [ -z "$quick" ] || steps=5 step=4
    [ -n "${root[vnode]:-}" ] || return 1
    trap end_idle EXIT
    trap 'exit 143' TERM
    # What only the first ones cost: caches, per-CPU lists, pages of slabs.
    for ((turn = 0; turn < 3; turn++)); do add_idle "bench-$$-warm-$turn"; done
    end_idle
    take_memory 0 >"$work/memory"
    for ((turn = 0; turn < steps; turn++)); do
        for ((name = 0; name < step; name++)); do
            number=$((number + 1))
            add_idle "bench-$$-idle-$number"
        done
        take_memory "$number" >>"$work/memory"
    done
    put_slopes <"$work/memory" >>"$work/values"
}

add_idle() {
    idle_names+=("$1")
    "$bin/vnode" run --keep --name "$1" -- true </dev/null >/dev/null
}

end_idle() {
    local name
    for name in "${idle_names[@]}"; do "$bin/vnode" stop "$name" >/dev/null || true; done
    idle_names=()
}

# One line: vNodes, then kB of everything that is looked at.
take_memory() {
    local settle=1.5 name pid pids=()
    [ -z "$quick" ] || settle=0.7
    for name in "${idle_names[@]}"; do
        pid=$(init_of "$name")
        [ -z "$pid" ] || pids+=("/proc/$pid/smaps_rollup")
    done
    # What ended processes and namespaces had is given back some grace periods later.
    sleep "$settle"
    awk -v count="$1" '
        FNR == 1 { file++ }
        $1 == "Pss:" { pss += $2 }
        FILENAME == "/proc/meminfo" { kB[$1] = $2 }
        END {
            print count, kB["SUnreclaim:"], kB["SReclaimable:"], kB["Percpu:"], kB["KernelStack:"], kB["PageTables:"], kB["Shmem:"],
                pss + 0, kB["MemTotal:"] - kB["MemAvailable:"]
        }' /proc/meminfo "${pids[@]}"
}

# Slopes and their standard errors by least squares, in KB a vNode.
put_slopes() {
    awk -v OFS='\t' '
        {
            n++
            x[n] = $1
            for (i = 2; i <= 9; i++) y[i, n] = $i
            for (i = 2; i <= 8; i++) y[10, n] += $i
            y[11, n] = y[10, n] - $3
        }
        function slope(i, k, meanX, meanY, sxx, sxy, rest) {
            for (k = 1; k <= n; k++) { meanX += x[k] / n; meanY += y[i, k] / n }
            for (k = 1; k <= n; k++) { sxx += (x[k] - meanX) ^ 2; sxy += (x[k] - meanX) * (y[i, k] - meanY) }
            for (k = 1; k <= n; k++) rest += (y[i, k] - meanY - sxy / sxx * (x[k] - meanX)) ^ 2
            error = sqrt(rest / (n - 2) / sxx)
            return sxy / sxx
        }
        function put(what, i) {
            print "idle " what, "KB", slope(i)
            print "idle " what, "+-", error
        }
        END {
            put("slab, unreclaimable", 2); put("slab, reclaimable", 3); put("per CPU", 4); put("kernel stacks", 5)
            put("page tables", 6); put("tmpfs", 7); put("vnode-init", 8); put("sum without reclaimable", 11)
            print "idle sum", "KB a vNode", slope(10)
            print "idle sum", "+-", error
            print "idle sum", "vNodes", x[n]
            print "idle sum", "by MemAvailable", slope(9)
            print "idle sum", "+- of it", error
        }'
}
