# Reads the environment, the numbers to reach, the results and the values; text.awk or json.awk then prints them.

BEGIN {
    column_count = split("native nothing lxcfs vnode", columns, " ")
    ratio_count = split("vnode/native vnode/nothing lxcfs/vnode", ratios, " ")
}

/^#/ { next }
part == "environment" { keys[++key_count] = $1; environment[$1] = $2; next }
part == "reach" { reach[$1, $2] = $3; next }
part == "results" {
    if (!($1 in kind)) rows[++row_count] = $1
    learn($1)
    samples[$1, $2] = $3; min[$1, $2] = $4; p50[$1, $2] = $5; p99[$1, $2] = $6
    next
}
{
    learn($1)
    values[++value_count] = $1
    measure[value_count] = $2
    number[value_count] = $3
}

function learn(row, words) {
    split(row, words, " ")
    kind[row] = words[1]
}

# The time of a whole container, beside the bare engine's.
function is_start(row) { return kind[row] == "start" || kind[row] == "exec" }

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

# Whether a number is what is to be reached, "<= 0.7".
function reaches(value, wanted, words) {
    split(wanted, words, " ")
    return words[1] == "<=" ? value <= words[2] + 0 : value >= words[2] + 0
}

# All that is to be reached and was measured: calls judge(row, measure, value, wanted).
function judge_all(i, j, row) {
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        for (j = 1; j <= ratio_count; j++) judge_one(row, ratios[j], ratio(row, ratios[j]))
        judge_one(row, "vnode-runc", extra(row, "vnode"))
    }
    for (i = 1; i <= value_count; i++) judge_one(values[i], measure[i], number[i])
}

function judge_one(row, name, value, wanted) {
    wanted = reach[kind[row], name]
    if (value != "" && wanted != "") judge(row, name, value, wanted)
}
