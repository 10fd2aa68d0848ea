# shellcheck shell=bash
# What the numbers were measured on, as lines of key, tab, value.

# shellcheck disable=SC2034,SC2154 # variables shared with run and the other parts

# With BENCH_PREBUILT what is there is measured: where there is no compiler.
build() {
    local nothing="$here/.build/nothing" flags
    [ -z "${BENCH_PREBUILT:-}" ] || return 0
    command -v swift >/dev/null || die "swift not found in PATH"
    swift build -c release --static-swift-stdlib --quiet --package-path "$here" >&2
    read -ra flags <<<"$(pkg-config --cflags --libs fuse3)"
    cc -std=gnu11 -O2 -Wall -Wextra -Werror "$here/nothing/nothing.c" -o "$nothing" "${flags[@]}"
}

# The first line a command prints, or - without the command.
version_of() {
    local line=
    if command -v "$1" >/dev/null; then line=$("$@" 2>&1 | head -n 1) || true; fi
    echo "${line:--}"
}

first_of() { head -n 1 "$1" 2>/dev/null || echo -; }

print_environment() {
    local revision
    revision=$(git -c safe.directory='*' -C "$here" describe --always --dirty 2>/dev/null) || revision=-
    printf '%s\t%s\n' \
        date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
        command "$command_line${quick:+ (BENCH_QUICK)}" \
        revision "${BENCH_REVISION:-$revision}" \
        limits "${BENCH_LIMITS:-none}" \
        kernel "$(uname -sr)" \
        cpus "$(getconf _NPROCESSORS_ONLN)" \
        model "$(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo)" \
        governor "$(first_of /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor)" \
        idle "$(first_of /sys/devices/system/cpu/cpuidle/current_driver)" \
        clock "$(first_of /sys/devices/system/clocksource/clocksource0/current_clocksource)" \
        libfuse "${BENCH_PREBUILT:-$(pkg-config --modversion fuse3)}" \
        lxcfs "$(version_of lxcfs --version | tr -d '"')" \
        runc "$(version_of runc --version | sed 's/^runc version //')" \
        swift "$(version_of swift --version | sed 's/^.*Swift version //')" \
        "load before" "$(cut -d ' ' -f 1-3 /proc/loadavg)"
}

print_end() {
    printf '%s\t%s\n' "load after" "$(cut -d ' ' -f 1-3 /proc/loadavg)" lost "$([ ${#lost[@]} = 0 ] || echo "${lost[*]}")"
}
