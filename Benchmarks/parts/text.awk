# The table for people.

function cell(row, label, unit) {
    if (!measured(row, label)) return "-"
    return sprintf("%.1f (%.1f)", p50[row, label] / unit, p99[row, label] / unit)
}

function line(first, second, third, fourth, fifth) {
    printf "%-22s %20s %20s %20s %20s\n", first, second, third, fourth, fifth
}

# A number with what it is to reach beside it.
function against(row, name, value, digits, wanted) {
    wanted = reach[kind[row], name]
    if (wanted != "") wanted = "  [" wanted "]"
    return (value == "" ? "-" : sprintf("%." digits "f", value)) wanted
}

END {
    print "\nmicroseconds, p50 (p99)"
    line("", "native", "nothing", "lxcfs", "vNode")
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        if (kind[row] == "start") continue
        line(row, cell(row, "native", 1e3), cell(row, "nothing", 1e3), cell(row, "lxcfs", 1e3), cell(row, "vnode", 1e3))
    }
    print "\nratios of p50  [to reach]"
    line("", "vNode/native", "vNode/nothing", "lxcfs/vNode", "")
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        if (kind[row] == "start") continue
        for (j = 1; j <= ratio_count; j++) value[j] = against(row, ratios[j], ratio(row, ratios[j]), 2)
        line(row, value[1], value[2], value[3], "")
    }
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        if (kind[row] != "start") continue
        print "\nstart to end of a container, milliseconds, p50 (p99)"
        line("", "runc", "vNode", "vNode, own daemon", "")
        line(row, cell(row, "runc", 1e6), cell(row, "vnode", 1e6), cell(row, "private", 1e6), "")
        line("more than runc", "", against(row, "vnode-runc", extra(row, "vnode"), 1), against(row, "private-runc", extra(row, "private"), 1), "")
        line("ratio to runc", "", against(row, "vnode/runc", ratio(row, "vnode/runc"), 2), against(row, "private/runc", ratio(row, "private/runc"), 2), "")
    }
    print "\nload after   " environment["load after"]
}
