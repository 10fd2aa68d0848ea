# The tables for people.

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

# Three digits, and all of those before the point.
function short(value, size) {
    size = value < 0 ? -value : value
    return sprintf(size >= 100 || value == int(value) ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value)
}

function judge(row, name, value, wanted) {
    printf "%-28s %-16s %10s   %-8s %s\n", row, name, short(value), wanted, reaches(value, wanted) ? "yes" : "NO"
}

# Values of one kind with the same measures are one table.
function value_tables(i, j, from, names, last, width) {
    for (i = 1; i <= value_count; i = j) {
        names = ""
        for (j = i; j <= value_count && values[j] == values[i]; j++) names = names "\t" measure[j]
        if (kind[values[i]] names != last) {
            last = kind[values[i]] names
            printf "\n%-28s", ""
            for (from = i; from < j; from++) {
                width[from - i] = length(measure[from]) < 9 ? 11 : length(measure[from]) + 2
                printf "%*s", width[from - i], measure[from]
            }
            print ""
        }
        printf "%-28s", values[i]
        for (from = i; from < j; from++) printf "%*s", width[from - i], short(number[from])
        print ""
    }
}

function file_tables(i, j, row, value) {
    print "\nmicroseconds, p50 (p99)"
    line("", "native", "nothing", "lxcfs", "vNode")
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        if (is_start(row)) continue
        line(row, cell(row, "native", 1e3), cell(row, "nothing", 1e3), cell(row, "lxcfs", 1e3), cell(row, "vnode", 1e3))
    }
    print "\nratios of p50  [to reach]"
    line("", "vNode/native", "vNode/nothing", "lxcfs/vNode", "")
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        if (is_start(row)) continue
        for (j = 1; j <= ratio_count; j++) value[j] = against(row, ratios[j], ratio(row, ratios[j]), 2)
        line(row, value[1], value[2], value[3], "")
    }
}

function start_tables(i, row) {
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        if (!is_start(row)) continue
        if (kind[row] == "start") print "\nstart to end of a container, milliseconds, p50 (p99)"
        else print "\nthe same of one more inside: runc joins a running container, vNode is vnode exec"
        line("", "runc", "vNode", kind[row] == "start" ? "vNode, own daemon" : "", "")
        line(row, cell(row, "runc", 1e6), cell(row, "vnode", 1e6), cell(row, "private", 1e6), "")
        line("more than runc", "", against(row, "vnode-runc", extra(row, "vnode"), 1), against(row, "private-runc", extra(row, "private"), 1), "")
        line("ratio to runc", "", against(row, "vnode/runc", ratio(row, "vnode/runc"), 2), against(row, "private/runc", ratio(row, "private/runc"), 2), "")
    }
}

END {
    if (row_count) file_tables()
    start_tables()
    value_tables()
    print "\nto reach"
    judge_all()
    print "\nload after   " environment["load after"]
    if (environment["lost"] != "") print "lost         " environment["lost"]
}
