# Reads the environment, the numbers to reach and the results; text.awk or json.awk then prints them.

BEGIN {
    column_count = split("native nothing lxcfs vnode", columns, " ")
    ratio_count = split("vnode/native vnode/nothing lxcfs/vnode", ratios, " ")
    start_count = split("runc vnode private", starts, " ")
}

FNR == 1 { file++ }
/^#/ { next }
file == 1 { keys[++key_count] = $1; environment[$1] = $2; next }
file == 2 { reach[$1, $2] = $3; next }
{
    if (!($1 in kind)) {
        rows[++row_count] = $1
        split($1, words, " ")
        kind[$1] = words[1]
    }
    samples[$1, $2] = $3; min[$1, $2] = $4; p50[$1, $2] = $5; p99[$1, $2] = $6
}

function measured(row, label) { return (row, label) in p50 && p50[row, label] > 0 }

# The ratio of two medians, "vnode/native"; empty when one is missing.
function ratio(row, name, sides) {
    split(name, sides, "/")
    if (!measured(row, sides[1]) || !measured(row, sides[2])) return ""
    return p50[row, sides[1]] / p50[row, sides[2]]
}

# Milliseconds the median start takes longer than that of the bare engine.
function extra(row, label) {
    if (!measured(row, label) || !measured(row, "runc")) return ""
    return (p50[row, label] - p50[row, "runc"]) / 1e6
}
