# shellcheck shell=bash
# Rows made of vnode-load's reports: what many vNodes cost one daemon, what its death costs readers, what a noisy neighbour does
# to them, what stays of vNodes that are gone. A value is a line of row, measure, number.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

# Runs vnode-load, which has a daemon and vNodes of its own, and leaves its report as lines of path, tab, value.
load() {
    local status=0
    [ -x "$bin/vnode-load" ] || { note "no vnode-load in $bin: no $1" && return 1; }
    background "$bin/vnode-load" "$@" --bin "$bin" --format json >"$work/report" 2>"$work/load.log"
    wait $! || status=$?
    # A report of what went wrong is one all the same.
    [ "$status" = 0 ] || note "vnode-load $1: status $status: $(tail -n 1 "$work/load.log")"
    awk -f "$here/parts/flatten.awk" "$work/report" >"$work/load"
    [ -s "$work/load" ]
}

# Makes values of the report: a program in awk's language, in which of() gives what is at a path and put() adds a value.
values() {
    awk -F '\t' -v OFS='\t' '
        function of(path) { return value[path] + 0 }
        function put(row, measure, number) { print row, measure, number }
        # The sum of a field over the processes of a point.
        function sum(point, field, process, total) {
            for (process = 0; ("points." point ".processes." process ".pid") in value; process++)
                total += of("points." point ".processes." process "." field)
            return total
        }
        { value[$1] = $2 }
        END {'"$1"'}' "$work/load" >>"$work/values"
}

measure_scale() {
    local counts=1,10,100,1000 idle=5
    [ -z "$quick" ] || counts=1,10,100 idle=1
    load scale --vnodes "$counts" --idle "$idle"
    # Resident is what top shows, added up: pages that supervisor and worker share are in it twice. Pss has them once, and grows
    # with the memory in which requests and answers outlive a worker.
    # shellcheck disable=SC2016 # for awk
    values '
        for (last = 0; ("points." last ".vnodes") in value; last++) {
            point = "points." last
            row = "scale " of(point ".vnodes")
            put(row, "threads", sum(last, "threads"))
            put(row, "descriptors", sum(last, "descriptors"))
            put(row, "Rss MB", sum(last, "rss") / 1024)
            put(row, "Pss MB", sum(last, "pss") / 1024)
            put(row, "idle us/s", of(point ".idle") / of(point ".idleSeconds") / 1e3)
            put(row, "one file us", of(point ".oneFile.p50") / 1e3)
            put(row, "p99", of(point ".oneFile.p99") / 1e3)
            put(row, "any us", of(point ".anyFile.p50") / 1e3)
            put(row, "any p99", of(point ".anyFile.p99") / 1e3)
            put(row, "made in ms", of(point ".registration") / 1e6)
        }
        if (!last--) exit 1
        put("scale all", "vNodes", of("points." last ".vnodes"))
        put("scale all", "threads added", sum(last, "threads") - sum(0, "threads"))
        put("scale all", "resident MB", sum(last, "rss") / 1024)
        if ("pssBytesPerVNode" in value) put("scale all", "KB a vNode", of("pssBytesPerVNode") / 1024)'
}

measure_kill() {
    local kills=50
    [ -z "$quick" ] || kills=15
    # Sooner after each other, the supervisor takes the deaths for a worker that falls over by itself, and waits.
    load kill --kills "$kills" --interval 200
    values '
        put("kill", "kills", of("kills"))
        put("kill", "opens", of("opens"))
        put("kill", "failed", of("failed") + of("malformed") + of("backward") + of("hung") + of("withoutSuccessor"))
        put("kill", "pause p50 ms", of("latencyAtKill.p50") / 1e6)
        put("kill", "pause p99 ms", of("latencyAtKill.p99") / 1e6)
        put("kill", "longest ms", of("latencyAtKill.longest") / 1e6)
        put("kill", "next worker p99 ms", of("successor.p99") / 1e6)'
}

measure_noise() {
    local seconds=5
    [ -z "$quick" ] || seconds=1
    load noise --threads 64 --seconds "$seconds"
    values '
        for (i = 0; ("rows." i ".file") in value; i++) {
            at = "rows." i
            row = "noise " value[at ".file"]
            put(row, "quiet us", of(at ".quiet.p50") / 1e3)
            put(row, "quiet p99", of(at ".quiet.p99") / 1e3)
            put(row, "busy p99", of(at ".busy.p99") / 1e3)
            put(row, "noisy us", of(at ".noisy.p50") / 1e3)
            put(row, "noisy p99", of(at ".noisy.p99") / 1e3)
            put(row, "busy/quiet", of(at ".busy.p99") / of(at ".quiet.p99"))
            put(row, "noisy/quiet", of(at ".noisy.p99") / of(at ".quiet.p99"))
            put(row, "noise/s", of(at ".noisyRate"))
        }
        if (!i) exit 1'
}

measure_churn() {
    local count=10000
    [ -z "$quick" ] || count=500
    load churn --count "$count" --kill-every 100
    values '
        if (!of("count")) exit 1
        put("churn", "vNodes", of("count"))
        put("churn", "ms each", of("seconds") / of("count") * 1e3)
        put("churn", "kills", of("kills"))
        put("churn", "failed", of("failed") + of("withoutSuccessor"))
        put("churn", "descriptors", of("descriptors"))
        put("churn", "private MB", of("private") / 1024)
        put("churn", "unreclaimable MB", of("slabUnreclaimable") / 1024)'
}
