# guest: --cpus 2 --memory 2G
# seconds: 1500
# shellcheck shell=bash
# Attacks from within a vNode with real limits: what root there may try.
# Which kernel answers how: docs/reference/attacks.md, which Tests/attacks puts together.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

vnode-adversary drive --format rows --only attacks --rounds 3 | grep --line-buffered -v ' passed, .* failed$'
# Asked for nfsd and rpc_pipefs, the kernel has loaded them, and their sysctls.
modprobe -r nfsd rpc_pipefs sunrpc 2>/dev/null || true
