# shellcheck shell=bash
# The rows of the table. A result is a line of row, label, count, min, p50, p99; the first word of a row is its kind,
# by which reach.tsv names the numbers to reach.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

# Longer than the freshness of meminfo (50 ms).
pause_us=60000

measure_files() {
    local tight=${quick:+--rounds 200} paused=${quick:+--rounds 5 --warm-up 1} bytes=${quick:+--rounds 2 --warm-up 1}
    tight=${tight:---rounds 3000 --warm-up 100}
    paused="${paused:---rounds 40 --warm-up 2} --pause $pause_us"
    bytes="${bytes:---rounds 15 --warm-up 2} --mode bytes"

    limit_readers || lost limits
    part files "static /proc/cpuinfo" measure "static /proc/cpuinfo" proc/cpuinfo "$tight"
    part files "static cpu/online" measure "static cpu/online" sys/devices/system/cpu/online "$tight"
    part files "within /proc/meminfo" measure "within /proc/meminfo" proc/meminfo "$tight"
    part files "within /proc/stat" measure "within /proc/stat" proc/stat "$tight"
    part files "within /proc/loadavg" measure "within /proc/loadavg" proc/loadavg "$tight"
    part files "past /proc/meminfo" measure "past /proc/meminfo" proc/meminfo "$paused"
    part files "direct /proc/uptime" measure "direct /proc/uptime" proc/uptime "$tight"
    part files "bytes /proc/meminfo" measure "bytes /proc/meminfo" proc/meminfo "$bytes"
    part files dash measure_dash "dash /proc/meminfo" proc/meminfo "${quick:+1}"
}

measure() {
    local row=$1 path=$2 options labels label files=()
    [ -z "$readers" ] || echo "$BASHPID" >"$readers/cgroup.procs"
    read -ra options <<<"$3"
    labels=$(servers_with "$path")
    for label in $labels; do files+=("$label=$(file_of "$label" "$path")"); done
    background "$here/.build/release/latency" "${options[@]}" "${files[@]}" >"$work/samples"
    wait $!
    sed "s|^|$row\t|" "$work/samples" >>"$work/results"
}

# dash reads one byte a system call. The do-nothing server is left out: 30,000 round trips a turn say nothing new.
measure_dash() {
    local row=$1 path=$2 rounds=${3:-5} labels label round file directory
    # shellcheck disable=SC2016 # for dash to expand
    local loop='i=0; while [ $i -lt 20 ]; do while read -r l; do :; done < "$1"; i=$((i+1)); done'
    [ -z "$readers" ] || echo "$BASHPID" >"$readers/cgroup.procs"
    command -v dash >/dev/null || { note "no dash: its row stays empty" && return; }
    labels=$(servers_with "$path")
    for ((round = 0; round < rounds; round++)); do
        for label in $labels; do
            [ "$label" = nothing ] && continue
            file=$(file_of "$label" "$path") directory=${file%/*}
            time_command "$label" env -C "$directory" dash -c "$loop" dash "${file##*/}"
        done
    done >"$work/times"
    summarise "$row"
}

# Prints the label and the microseconds the command took.
time_command() {
    local label=$1 start end && shift
    start=$EPOCHREALTIME
    # A directory of another mount namespace has no name here, which shells complain about.
    "$@" </dev/null >/dev/null 2>"$work/said" || die "$1 failed with status $?: $*: $(tail -n 1 "$work/said")"
    end=$EPOCHREALTIME
    printf '%s\t%s\n' "$label" $((${end/[.,]/} - ${start/[.,]/}))
}

# Turns the lines of time_command into results, nearest rank as the client.
summarise() {
    sort -t $'\t' -k 1,1 -k 2,2n "$work/times" | awk -F '\t' -v OFS='\t' -v row="$1" '
        function rank(percent) { return times[int((count * percent + 99) / 100)] * 1000 }
        function flush() { if (count) print row, label, count, times[1] * 1000, rank(50), rank(99) }
        $1 != label { flush(); label = $1; count = 0 }
        { times[++count] = $2 }
        END { flush() }' >>"$work/results"
}
