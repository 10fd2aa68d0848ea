# guest: --cpus 2 --memory 2G
# seconds: 1500
# shellcheck shell=bash
# Attacks from within a vNode with real limits. Which kernel answers how: docs/reference/attacks.md.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

started=$SECONDS
vnode-adversary drive --format rows --rounds 3 --seconds 2 --bombs processes,memory,descriptors,mounts,readers | grep --line-buffered -v ' passed, .* failed$'
echo "seconds: $((SECONDS - started))"
# Asked for nfsd and rpc_pipefs, the kernel has loaded them, and their sysctls.
modprobe -r nfsd rpc_pipefs sunrpc 2>/dev/null || true
