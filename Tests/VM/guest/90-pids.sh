# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# --pids limits forks.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

forks='import os, time
n = 0
try:
    while n < 20:
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
        n += 1
except OSError as error:
    print("EAGAIN" if error.errno == 11 else error.errno)
else:
    print("unlimited")'
check "run --pids 5 stops the sixth task" "EAGAIN" "$(vnode run --pids 5 -- python3 -c "$forks" 2>&1 | tail -n1)"
check "run without --pids forks freely" "unlimited" "$(vnode run -- python3 -c "$forks" 2>&1 | tail -n1)"
