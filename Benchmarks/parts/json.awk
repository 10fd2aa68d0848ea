# The same as one JSON object, times in nanoseconds, a difference in milliseconds.

function quote(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

function comparison(row, name, value, wanted) {
    if (value == "") return
    wanted = reach[kind[row], name]
    printf "%s\n    {\"row\": %s, \"of\": %s, \"value\": %.4g, \"reach\": %s}", separator, quote(row), quote(name), value,
        wanted == "" ? "null" : quote(wanted)
    separator = ","
}

END {
    printf "{\n  \"environment\": {"
    for (i = 1; i <= key_count; i++) {
        printf "%s\n    %s: %s", (i > 1 ? "," : ""), quote(keys[i]), quote(environment[keys[i]])
    }
    printf "\n  },\n  \"results\": ["
    label_count = split("native nothing lxcfs vnode runc private", labels, " ")
    for (i = 1; i <= row_count; i++) for (j = 1; j <= label_count; j++) {
        if (!measured(rows[i], labels[j])) continue
        printf "%s\n    {\"row\": %s, \"label\": %s, \"count\": %d, \"min_ns\": %.0f, \"p50_ns\": %.0f, \"p99_ns\": %.0f}", separator,
            quote(rows[i]), quote(labels[j]), samples[rows[i], labels[j]], min[rows[i], labels[j]], p50[rows[i], labels[j]],
            p99[rows[i], labels[j]]
        separator = ","
    }
    printf "\n  ],\n  \"comparisons\": ["
    separator = ""
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        for (j = 1; j <= ratio_count; j++) comparison(row, ratios[j], ratio(row, ratios[j]))
        comparison(row, "vnode-runc", extra(row, "vnode"))
        comparison(row, "private-runc", extra(row, "private"))
    }
    printf "\n  ],\n  \"values\": ["
    separator = ""
    for (i = 1; i <= value_count; i++) {
        printf "%s\n    {\"row\": %s, \"measure\": %s, \"value\": %.6g}", separator, quote(values[i]), quote(measure[i]), number[i]
        separator = ","
    }
    printf "\n  ],\n  \"reach\": ["
    separator = ""
    judge_all()
    printf "\n  ]\n}\n"
}

function judge(row, name, value, wanted) {
    printf "%s\n    {\"row\": %s, \"measure\": %s, \"value\": %.4g, \"reach\": %s, \"reached\": %s}", separator, quote(row),
        quote(name), value, quote(wanted), reaches(value, wanted) ? "true" : "false"
    separator = ","
}
