#!/bin/bash
# The code that runs between clone and exec, and as pid 1, must not allocate, throw or take locks (docs/conventions.md): its
# objects may refer to the symbols of child_symbols.txt and to nothing else. netstack/tap_child.cc is called there, too.
#
#   child_symbols.sh BUILD_ROOT [sanitized]
set -euo pipefail
[ "${2:-}" != sanitized ] || { echo "child_symbols: a sanitizer's own calls are in these objects"; exit 77; }
allowed=$(sed 's/[[:space:]]*#.*//; /^$/d' "$(dirname "$0")/child_symbols.txt" | LC_ALL=C sort -u)
failed=0
for source in child child_process init; do
    objects=$(find "$1/rootless" -name "*${source}.cc.o" | grep -E "(^|[/_])$source\.cc\.o$") || true
    [ -n "$objects" ] || { echo "child_symbols: no object of rootless/$source.cc below $1"; failed=1; continue; }
    # What one of these files defines, the others may use.
    ours=$(find "$1/rootless" -path '*child*' -name '*.o' -exec nm --defined-only --format=just-symbols {} + | LC_ALL=C sort -u)
    for object in $objects; do
        extra=$(nm -u --format=just-symbols "$object" | LC_ALL=C sort -u | LC_ALL=C comm -23 - <(printf '%s\n%s\n' "$allowed" "$ours" | LC_ALL=C sort -u))
        [ -z "$extra" ] || { printf 'child_symbols: %s refers to\n%s\n' "$object" "$(c++filt <<<"$extra" | sed 's/^/    /')"; failed=1; }
    done
done
object=$(find "$1/netstack" -name '*tap_child.cc.o')
[ -n "$object" ] || { echo "child_symbols: no object of netstack/tap_child.cc below $1"; failed=1; }
extra=$(nm -u --format=just-symbols "$object" | LC_ALL=C sort -u | LC_ALL=C comm -23 - <(echo "$allowed"))
[ -z "$extra" ] || { printf 'child_symbols: %s refers to\n%s\n' "$object" "$(c++filt <<<"$extra" | sed 's/^/    /')"; failed=1; }
exit $failed
