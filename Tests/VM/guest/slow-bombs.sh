# guest: --cpus 2 --memory 2G
# seconds: 1500
# shellcheck shell=bash
# vNodes with real limits that take all they can get, while the node and another vNode go on.
# Which kernel answers how: docs/reference/attacks.md, which Tests/attacks puts together.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

vnode-adversary drive --format rows --only bombs --rounds 3 --seconds 2 | grep --line-buffered -v ' passed, .* failed$'
