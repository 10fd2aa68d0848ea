# guest: --cpus 2 --memory 2G
# seconds: 1500
# shellcheck shell=bash
# Attacks on the launcher, the engine and the broker.
# Which kernel answers how: docs/reference/attacks.md, which Tests/attacks puts together.
. /mnt/share/guest/lib/check.sh
trap close_all EXIT

vnode-adversary drive --format rows --only launcher --only broker --rounds 3 | grep --line-buffered -v ' passed, .* failed$'
