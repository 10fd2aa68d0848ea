# Turns pretty-printed JSON, one value a line, into lines of path, tab, value: points.0.vnodes 1.

function path(i, text) {
    for (i = 1; i <= depth; i++) text = text (i > 1 ? "." : "") (isList[i] ? index_of[i] : key[i])
    return text
}

{
    line = $0
    sub(/^ +/, "", line)
    sub(/,$/, "", line)
    if (line == "") next
    if (line ~ /^[\]}]/) {
        depth--
        if (depth > 0 && isList[depth]) index_of[depth]++
        next
    }
    if (match(line, /^"[^"]*" *: */)) {
        name = substr(line, 2)
        sub(/".*/, "", name)
        key[depth] = name
        line = substr(line, RLENGTH + 1)
    }
    if (line == "{" || line == "[") {
        depth++
        isList[depth] = line == "["
        index_of[depth] = 0
        next
    }
    gsub(/^"|"$/, "", line)
    print path() "\t" line
    if (isList[depth]) index_of[depth]++
}
