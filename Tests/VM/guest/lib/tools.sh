# Sourced by tools-*.sh: commands in a vNode of 1.5 CPUs and 512 MiB, and what of it the guest itself would say too.
# shellcheck shell=bash
tools=/tmp/tools
tool_names=()
declare -A tool_commands
rm -rf $tools

tool() { # tool NAME COMMAND: to be run by sh, in a directory of its own
    tool_names+=("$1")
    tool_commands[$1]=$2
}

# Runs commands one after the other and writes what came of it as an archive to standard output.
# shellcheck disable=SC2016 # expands where it runs
tool_runner='dir=$(mktemp -d) && cd "$dir" || exit
run() {
    local started=$SECONDS
    mkdir "work-$1"
    (cd "work-$1" && timeout 900 sh -c "$2" >"../$1.out" 2>"../$1.err" </dev/null; echo $? >"../$1.status")
    echo $((SECONDS - started)) >"$1.seconds"
    rm -rf "work-$1"
}
'
program() { # program NAME...: what runs them
    local name
    echo "$tool_runner"
    for name; do printf 'run %q %q\n' "$name" "${tool_commands[$name]}"; done
    # shellcheck disable=SC2016
    echo 'tar -c . && cd / && rm -rf "$dir"'
}

# Runs all tools in a vNode, and in the guest those that have to be compared: the named ones, and those that complained.
run_tools() { # run_tools [NAME...]
    local name compared=("$@")
    mkdir -p $tools/{native,vnode}
    vnode run --name tools --cpus 1.5 --memory 512M -- bash -c "$(program "${tool_names[@]}")" 2>$tools/stderr | tar -C $tools/vnode -x
    check "vnode run says nothing itself" "" "$(<$tools/stderr)"
    for name in "${tool_names[@]}"; do
        [[ ! -s $tools/vnode/$name.err && $(cat "$tools/vnode/$name.status") == 0 ]] || compared+=("$name")
    done
    ((${#compared[@]} == 0)) || bash -c "$(program "${compared[@]}")" | tar -C $tools/native -x
    echo "seconds: $(grep -H . $tools/vnode/*.seconds $tools/native/*.seconds 2>/dev/null | sed -E 's|.*/(.*/.*)\.seconds:|\1 |' | sort -k2,2 -rn | head -n 8 | xargs)"
    for name in "${tool_names[@]}"; do runs "$name"; done
}

# What programs write differently each time: numbers, times.
plain() { sed -E 's/[0-9]+([.:,][0-9]+)*/N/g' "$@" | sort -u; }

# Lines of stderr that are no complaint.
harmless='^$'

# runs NAME: ended as in the guest, and complained of nothing it does not complain of there.
runs() {
    local name=$1
    check "$name: exit status" "$(cat $tools/native/"$name".status 2>/dev/null || echo 0)" "$(<$tools/vnode/"$name".status)"
    check "$name: no complaint of its own" "" \
        "$(comm -13 <(plain $tools/native/"$name".err 2>/dev/null) <(plain $tools/vnode/"$name".err) | grep -vE "$harmless" | head -n 5)"
}
output() { cat "$tools/vnode/$1.out"; }
says() { check_matches "$1: $2" "$3" "$(output "$1")"; } # says NAME WHAT REGEX
# value NAME WHAT EXPECTED SED-SCRIPT: what sed -nE prints of the output, on one line
value() { check "$1: $2" "$3" "$(sed -nE "$4" "$tools/vnode/$1.out" | xargs)"; }
