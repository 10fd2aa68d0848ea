# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# --pids limits forks.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

forks='import os, time
n = 0
try:
    while n < 40:
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
        n += 1
except OSError as error:
    print("EAGAIN" if error.errno == 11 else error.errno)
else:
    print("unlimited")'
check "run --pids 20 stops a process that wants 40" "EAGAIN" "$(vnode run --pids 20 -- python3 -c "$forks" 2>&1 | tail -n1)"
check_matches "run --pids 5 says what runc needs" "at least 16" "$(vnode run --pids 5 -- true 2>&1)"
check "run without --pids forks freely" "unlimited" "$(vnode run -- python3 -c "$forks" 2>&1 | tail -n1)"
