# guest: --cpus 4 --memory 2G --swap 512M
# seconds: 1200
# shellcheck shell=bash
# sysstat, htop, psutil and the node exporter in a vNode of 1.5 CPUs and 512 MiB.
. /mnt/share/guest/lib/check.sh
. /mnt/share/guest/lib/tools.sh
trap close_all EXIT

exporter=http://127.0.0.1:9100 # only ever inside
tool iostat 'iostat; iostat -x'
tool mpstat 'mpstat -P ALL 1 1; mpstat -I ALL 1 1; mpstat -N ALL 1 1; mpstat -T'
tool sar 'sar -A 1 1'
tool pidstat 'pidstat 1 1; pidstat -r -d -w'
# htop has no batch mode: on a terminal, and q after two seconds.
tool htop 'export TERM=xterm COLUMNS=100 LINES=40; (sleep 2; printf q) | script -qec "stty rows 40 cols 100; htop --no-color" typescript
    cat typescript'
# shellcheck disable=SC2016 # python's
tool psutil 'python3 -W error -c "
import psutil, time
print(\"logical\", psutil.cpu_count())
print(\"cores\", psutil.cpu_count(logical=False))
print(\"total\", psutil.virtual_memory().total)
print(\"available\", psutil.virtual_memory().available <= psutil.virtual_memory().total)
print(\"swap\", psutil.swap_memory().total)
print(\"times\", len(psutil.cpu_times(percpu=True)))
print(\"percent\", len(psutil.cpu_percent(interval=0.5, percpu=True)))
print(\"age\", int(time.time() - psutil.boot_time()) < 300)
print(\"processes\", len(psutil.pids()) < 20)
psutil.cpu_stats(), psutil.cpu_freq(), psutil.getloadavg(), psutil.disk_io_counters(perdisk=True), psutil.disk_partitions(all=True)
psutil.net_io_counters(pernic=True), psutil.net_connections(), psutil.net_if_stats(), psutil.net_if_addrs(), psutil.users()
psutil.sensors_temperatures(), psutil.sensors_fans(), psutil.sensors_battery()
for process in psutil.process_iter(): process.as_dict()
print(\"end\")
"'
tool node-exporter "prometheus-node-exporter --web.listen-address=127.0.0.1:9100 --runtime.gomaxprocs=0 --log.level=warn \
    --no-collector.textfile & exporter=\$!
    for try in \$(seq 120); do
        curl -sS $exporter/metrics >metrics 2>errors && break; sleep 0.5; done
    cat metrics; kill \$exporter; wait \$exporter; test -s metrics || cat errors >&2"
# What they say of files that are closed, because they count for the whole node, and of /sys, which is not of the type sysfs.
harmless='^sensors_init: Kernel interface error$|open /proc/net/(sockstat|softnet_stat): permission denied'
run_tools sar node-exporter

for name in iostat mpstat sar pidstat; do value $name "2 CPUs" yes '1,4{s/^Linux .*\(2 CPU\)$/yes/p}'; done
value mpstat "a line for each of 2 CPUs" "0 1" '/^Average: +CPU +%usr/,/^$/s/^Average: +([0-9]+) .*/\1/p'
# The headings of what it measured. A disk is one the vNode has used, an interrupt one it has.
sar_kinds() { sed -nE 's/^Average: +([A-Za-z][^ ]* +.*[A-Za-z%].*)/\1/p' "$1" | grep -vE '^(DEV +tps|INTR|[A-Z]+ +[0-9])' | sort -u; }
check "sar: measures what it measures in the guest, but for closed files" "CPU TTY" \
    "$(comm -23 <(sar_kinds $tools/native/sar.out) <(sar_kinds $tools/vnode/sar.out) | cut -d ' ' -f 1 | xargs)"
value psutil "2 CPUs" 2 's/^logical //p'
value psutil "2 cores" 2 's/^cores //p'
value psutil "512 MiB" 536870912 's/^total //p'
value psutil "available within" True 's/^available //p'
value psutil "the guest's swap" 536866816 's/^swap //p'
value psutil "times of 2 CPUs" 2 's/^times //p'
value psutil "percents of 2 CPUs" 2 's/^percent //p'
value psutil "started with the vNode" True 's/^age //p'
value psutil "its own processes" True 's/^processes //p'
value psutil "no exception" end '/^end$/p'
# What a terminal shows: colours and bold taken out, movements as new lines.
htop_screen() { sed -E 's/\x1b(\[[0-9;]*m|\(B)//g; s/\x1b[[(][0-9;?]*[A-Za-z]/\n/g' "$tools/vnode/htop.out"; }
check "htop: a bar for each of 2 CPUs" "0 1" "$(htop_screen | grep -aoE '(^|[^0-9.])[0-9]{1,2}\[' | tr -dc '0-9\n' | sort -un | xargs)"
check_matches "htop: 512 MiB" '512M' "$(htop_screen | tr -d '\0')"
value node-exporter "512 MiB" 5.36870912e+08 's/^node_memory_MemTotal_bytes //p'
check "node-exporter: 2 CPUs" "0 1" "$(output node-exporter | sed -n 's/^node_cpu_seconds_total{cpu="\([0-9]*\)",mode="idle"} .*/\1/p' | xargs)"
check "node-exporter: started with the vNode" yes "$(output node-exporter |
    awk -v now="$(date +%s)" '$1 == "node_boot_time_seconds" { print now - $2 < 300 ? "yes" : $2 }')"
failing() { sed -n 's/^node_scrape_collector_success{collector="\([a-z0-9_]*\)"} 0/\1/p' "$1" | sort; }
check "node-exporter: every collector that works in the guest works, but for closed files" "sockstat softnet" \
    "$(comm -13 <(failing $tools/native/node-exporter.out) <(failing $tools/vnode/node-exporter.out) | xargs)"
# The node exporter is a Go program.
value node-exporter "Go's runtime.NumCPU" 2 's/^go_sched_gomaxprocs_threads //p'
rm -rf $tools
