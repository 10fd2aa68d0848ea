# Sourced by the scripts about tools: the same commands in a vNode of 1.5 CPUs and 512 MiB and, for comparison, in the guest.
# shellcheck shell=bash
tools=/tmp/tools
tool_names=()
tool_commands=
rm -rf $tools

tool() { # tool NAME COMMAND: to be run by sh, in a directory of its own
    tool_names+=("$1")
    printf -v tool_commands '%srun %q %q\n' "$tool_commands" "$1" "$2"
}

# Runs what `tool` named, one after the other, and writes what came of it as an archive to standard output.
# shellcheck disable=SC2016 # expands where it runs
tool_runner='dir=$(mktemp -d) && cd "$dir" || exit
run() {
    mkdir "work-$1"
    (cd "work-$1" && timeout 100 sh -c "$2" >"../$1.out" 2>"../$1.err" </dev/null; echo $? >"../$1.status")
    rm -rf "work-$1"
}
'
run_tools() { # run_tools [native]: also, and first, in the guest itself
    mkdir -p $tools/{native,vnode}
    [[ ${1:-} != native ]] || bash -c "$tool_runner$tool_commands tar -c . && rm -rf \"\$dir\"" | tar -C $tools/native -x
    vnode run --name tools --cpus 1.5 --memory 512M -- bash -c "$tool_runner$tool_commands tar -c ." 2>$tools/stderr |
        tar -C $tools/vnode -x
    check "vnode run says nothing itself" "" "$(<$tools/stderr)"
}

# What programs write differently each time: numbers, times.
plain() { sed -E 's/[0-9]+([.:,][0-9]+)*/N/g' "$@" | sort -u; }

# runs NAME [PATTERN]: ended well, and complained of nothing it does not complain of in the guest. Lines that match PATTERN are
# no complaints.
runs() {
    local name=$1 extra
    check "$name: exit status" "$(cat $tools/native/"$name".status 2>/dev/null || echo 0)" "$(<$tools/vnode/"$name".status)"
    extra=$(comm -13 <(plain $tools/native/"$name".err 2>/dev/null) <(plain $tools/vnode/"$name".err) |
        grep -vE "${2:-^$}" | head -n 5)
    check "$name: no complaint of its own" "" "$extra"
}
output() { cat "$tools/vnode/$1.out"; }
says() { check_matches "$1: $2" "$3" "$(output "$1")"; } # says NAME WHAT REGEX
# value NAME WHAT EXPECTED SED-SCRIPT: what sed -nE prints of the output, on one line
value() { check "$1: $2" "$3" "$(sed -nE "$4" "$tools/vnode/$1.out" | xargs)"; }
# known NAME SED-SCRIPT: a number that comes from a system call and not from a file. Shown, not judged: the sandbox that answers
# those calls is still to come.
known() { echo "known - $1: $(sed -nE "$2" "$tools/vnode/$1.out" | xargs), from a system call"; }
