# Sourced by the guest scripts: checks, cgroups and debug mounts.
# shellcheck shell=bash
cgroot=/sys/fs/cgroup
view_pids=()
made_cgroups=()

report() { # report STATUS NAME EXPECTED GOT
    if (($1 == 0)); then
        echo "ok - $2"
    else
        echo "not ok - $2: expected ${3//$'\n'/ | }, got ${4//$'\n'/ | }"
    fi
}
check() { # check NAME EXPECTED GOT
    [[ $2 == "$3" ]]
    report $? "$1" "${2:-nothing}" "${3:-nothing}"
}
check_between() { # check_between NAME LOW HIGH GOT
    [[ $4 =~ ^[0-9.]+$ ]] && awk -v low="$2" -v high="$3" -v got="$4" 'BEGIN { exit !(got >= low && got <= high) }'
    report $? "$1" "$2 to $3" "${4:-nothing}"
}
check_matches() { # check_matches NAME REGEX GOT
    [[ $3 =~ $2 ]]
    report $? "$1" "$2" "${3:-nothing}"
}

# eventually SECONDS EXPECTED COMMAND...: prints the command's output once it is the expected one, or the last one
eventually() {
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000)) expected=$2 got # SECONDS would be up to one short
    shift 2
    while got=$("$@" 2>&1); [[ $got != "$expected" ]] && ((${EPOCHREALTIME/./} < end)); do sleep 0.1; done
    echo "$got"
}

field() { sed -n "s/^$2: *\([0-9]*\).*/\1/p" "$1"; } # field FILE KEY, of meminfo's kind

# What every CPU file says; the program is a string because it also runs inside a vNode.
# shellcheck disable=SC2016
cpu_files='cd "$1" && c=sys/devices/system/cpu
echo cpuinfo: $(sed -n "s/^processor[[:space:]]*: //p" proc/cpuinfo)
echo stat: $(sed -n "s/^cpu\([0-9][0-9]*\) .*/\1/p" proc/stat)
echo directories: $(ls $c | sed -n "s/^cpu\([0-9][0-9]*\)$/\1/p" | sort -n)
echo online: $(cat $c/online)
echo present: $(cat $c/present)'
cpu_files_of() { sh -c "$cpu_files" sh "${1:-/}"; }
cpu_files_like() { # cpu_files_like "IDS" LIST: the same, as it should be
    printf '%s\n' "cpuinfo: $1" "stat: $1" "directories: $1" "online: $2" "present: $2"
}

node_sysctls() { bash /mnt/share/guest/lib/node-sysctls; }

make_cgroup() { # make_cgroup PATH-BELOW-ROOT: with all controllers handed down to it
    local dir=$cgroot part
    local -a parts
    IFS=/ read -r -a parts <<<"$1"
    for part in "${parts[@]}"; do
        if [[ $dir != "$cgroot" ]]; then
            sed 's/[a-z]*/+&/g' "$dir/cgroup.controllers" >"$dir/cgroup.subtree_control"
        fi
        dir=$dir/$part
        [[ -d $dir ]] || { mkdir "$dir" && made_cgroups+=("$dir"); }
    done
}
spawn_in() { # spawn_in DIR COMMAND...: in the background, inside the cgroup
    bash -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$@" &
}

open_view() { # open_view DIR OPTIONS...: a debug mount, ready to read
    local dir=$1 try
    shift
    mkdir -p "$dir"
    vnode-fs mount "$dir" "$@" >"$dir.log" 2>&1 &
    view_pids+=($!)
    for ((try = 0; try < 600; try++)); do
        [[ -s $dir/proc/meminfo || -n $(head -c1 "$dir/proc/meminfo" 2>/dev/null) ]] && return
        kill -0 "${view_pids[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "vnode-fs mount $dir $*: $(cat "$dir.log")"
    return 1
}

close_all() { # what the script opened and made, also when it stops half-way
    local i
    for i in ${view_pids[@]+"${view_pids[@]}"}; do
        kill -TERM "$i" 2>/dev/null
        wait "$i"
    done
    for i in $(jobs -p); do
        kill -KILL "$i" 2>/dev/null
        { wait "$i"; } 2>/dev/null
    done
    for ((i = ${#made_cgroups[@]} - 1; i >= 0; i--)); do
        [[ ! -d ${made_cgroups[i]} ]] || rmdir "${made_cgroups[i]}"
    done
}
