# guest: --cpus 4 --memory 2G --swap 512M
# seconds: 2400
# shellcheck shell=bash
# PostgreSQL makes a cluster and starts in a vNode of 1.5 CPUs and 512 MiB. Minutes, where a processor is emulated.
. /mnt/share/guest/lib/check.sh
. /mnt/share/guest/lib/tools.sh
trap close_all EXIT

# PostgreSQL refuses to run as root.
tool postgres 'chmod 777 . .. ; bin=$(echo /usr/lib/postgresql/*/bin)
    as="setpriv --reuid 65534 --regid 65534 --clear-groups"
    export PGDATA=$PWD/data LC_ALL=C
    $as $bin/initdb -N -A trust -U postgres >initdb || exit
    grep -E "selecting|dynamic shared" initdb
    $as $bin/postgres -D $PGDATA -k $PWD -c listen_addresses= 2>log & server=$!
    for try in $(seq 120); do
        $as psql -h $PWD -U postgres -Atc "select 6 * 7" postgres 2>/dev/null && break; sleep 0.5; done
    $as psql -h $PWD -U postgres -Atc "create table t as select generate_series(1, 1000) as n; select sum(n) from t" postgres
    kill -INT $server; wait $server
    grep -E "WARNING|ERROR|FATAL|PANIC" log >&2; true'
run_tools

value postgres "answers" 42 '/^42$/p'
value postgres "counts" 500500 '/^500500$/p'
value postgres "all connections" 100 's/^selecting default "max_connections" ... //p'
value postgres "all buffers" 128MB 's/^selecting default "shared_buffers" ... //p'
value postgres "memory shared as POSIX has it" posix 's/^selecting dynamic shared memory implementation ... //p'
rm -rf $tools
