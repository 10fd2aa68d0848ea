# guest: --cpus 4 --memory 2G --swap 512M
# seconds: 1200
# shellcheck shell=bash
# Java and Node.js size themselves by the vNode's 1.5 CPUs and 512 MiB.
. /mnt/share/guest/lib/check.sh
. /mnt/share/guest/lib/tools.sh
trap close_all EXIT

# availableProcessors and maxMemory without a compiler: what they are computed from.
tool java 'java -Xint -XX:+PrintFlagsFinal -XshowSettings:system -version'
tool node 'node -e "
const os = require(\"os\")
console.log(\"cpus\", os.cpus().length)
console.log(\"total\", os.totalmem())
console.log(\"free\", os.freemem() <= os.totalmem())
console.log(\"uptime\", os.uptime() < 300)
console.log(\"load\", os.loadavg()[0] < 3)
console.log(\"parallelism\", os.availableParallelism())
"'
# Java shows its settings there.
harmless='^( |Operating System Metrics|openjdk|OpenJDK|$)'
run_tools

value node "os.cpus" 2 's/^cpus //p'
value node "os.totalmem" 536870912 's/^total //p'
value node "os.freemem within" true 's/^free //p'
value node "os.uptime" true 's/^uptime //p'
value node "os.loadavg" true 's/^load //p'
java() { cat $tools/vnode/java.{out,err}; }
# Since sysinfo says 512 MiB too, the limit of the container is no less than the machine has: to the JVM there is none.
check "java: no limit below the machine's memory" Unlimited "$(java | sed -n 's/^ *Memory Limit: //p')"
check "java: a quarter of it for the heap" 134217728 "$(java | sed -nE 's/^ *size_t MaxHeapSize += ([0-9]+) .*/\1/p')"
check "java: 2 processors" 2 "$(java | sed -n 's/^ *Effective CPU Count: //p')"
value node "os.availableParallelism" 2 's/^parallelism //p'
rm -rf $tools
