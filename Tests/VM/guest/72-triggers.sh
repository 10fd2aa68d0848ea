# guest: --cpus 4 --memory 2G --swap 512M
# shellcheck shell=bash
# Pressure triggers where cgroups have controllers, by the privileged suite.
. /mnt/share/guest/lib/check.sh

vnode-conformance --bin /usr/local/bin --filter 'pressure triggers:' | grep -v ' passed, '
