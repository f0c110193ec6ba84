#!/bin/bash
# Holds the budgets of docs/conventions.md: C++ files median <= 150, p90 <= 400, none above 800 lines; no other source file
# above 800; no function above 100 lines (ctags), with a note of how many pass the soft limit of 40.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
failed=0

all=$(find base cli lib netstack rootless storage tests .ci \( -name '*.cc' -o -name '*.h' -o -name '*.py' -o -name '*.sh' \
    -o -name '*.bash' -o -name '*.bats' \) -type f 2>/dev/null | sort)
cpp=$(grep -E '\.(cc|h)$' <<<"$all")

while read -r lines file; do
    echo "size: $file has $lines lines, more than 800"
    failed=1
done < <(wc -l $all | awk '$2 != "total" && $1 > 800')

read -r count median p90 < <(wc -l $cpp | awk '$2 != "total" {print $1}' | sort -n |
    awk '{n[NR] = $1} END {print NR, n[int((NR + 1) / 2)], n[int((NR * 9 + 9) / 10)]}')
echo "size: $count C++ files, median $median, p90 $p90 lines"
[ "$median" -le 150 ] || { echo "size: the median is more than 150"; failed=1; }
[ "$p90" -le 400 ] || { echo "size: the 90th percentile is more than 400"; failed=1; }

command -v ctags >/dev/null || { echo "size: ctags (universal-ctags) is missing, so functions are not measured"; exit 77; }
# Test cases are lists of facts and are not counted; a doctest TEST_CASE is no function to ctags anyway.
functions=$(ctags -f - --languages=C++ --c++-kinds=f --fields=ne --excmd=number $cpp |
    awk -F'\t' '{line = end = 0; for (i = 4; i <= NF; i++) {if ($i ~ /^line:/) line = substr($i, 6); if ($i ~ /^end:/) end = substr($i, 5)}
        if (line && end) print end - line + 1, $2 ":" line, $1}')
awk '$1 > 100 {print "size: " $3 " (" $2 ") has " $1 " lines, more than 100"; bad = 1} $1 > 40 {soft++}
    END {print "size: " NR " functions, " soft + 0 " above the soft limit of 40 lines"; exit bad}' <<<"$functions" || failed=1
exit $failed
