#!/bin/bash
# Holds the arrows of docs/architecture.md: who may include whom, and where each third-party library lives.
set -euof pipefail
cd "${1:-$(dirname "$0")/../..}"
failed=0
complain() { echo "layering: $*"; failed=1; }

# FOLDER: the folders it may include from, its own first.
arrows='
base/oci: base/oci base
base: base
rootless: rootless base/oci base
storage: storage base/oci base
netstack: netstack base
lib: lib rootless storage netstack base/oci base
cli: cli lib base/oci base
tests: tests cli lib rootless storage netstack base/oci base
'
# INCLUDE PREFIX: the files that may use it (shell patterns). The parsers of hostile input are linked into the image worker only.
homes='
CLI/: cli/*
nlohmann/json_fwd.hpp: base/oci/* lib/* cli/* tests/*
nlohmann/json.hpp: base/oci/*.cc base/oci/json_fields.h lib/*.cc lib/registry/*.cc cli/*.cc storage/*.cc tests/*.cc
curl/: lib/registry/*
toml: lib/config/*.cc
yaml-cpp/: lib/yaml_text.cc
archive: storage/archive*.cc storage/tar_reader.cc tests/unit/storage/*
zstd: storage/*.cc tests/unit/storage/*
isa-l: storage/*.cc tests/unit/storage/*
zlib: storage/*.cc tests/unit/storage/*
openssl/: storage/digest.cc lib/registry/*.cc
seccomp.h: rootless/seccomp*.cc tests/unit/rootless/*
sys/capability.h: rootless/caps.cc
fuse: storage/fuse/*
gpgme.h: cli/sign_helper.cc
systemd/: cli/scope_helper.cc cli/journal_helper.cc
doctest: tests/*
'

folder_of() { case $1 in base/oci/*) echo base/oci ;; *) echo "${1%%/*}" ;; esac; }
value_of() { sed -n "s|^$2: ||p" <<<"$1"; }

while IFS=: read -r file include; do
    own=$(folder_of "$file")
    case $include in
    \"*)
        target=${include//\"/}
        [ -e "$target" ] || [ -e "$target.in" ] || case $target in
            */*) complain "$file includes \"$target\", which is not a path from the repository's root" ;;
            *) continue ;;
        esac
        allowed=" $(value_of "$arrows" "$own") "
        [[ $allowed == *" $(folder_of "$target") "* ]] || complain "$file includes $target: $own may only see$allowed"
        ;;
    \<*)
        target=${include//[<>]/}
        while IFS=: read -r prefix places; do
            [ -n "$prefix" ] && [[ $target == "$prefix"* ]] || continue
            at_home=0
            for place in $places; do
                # shellcheck disable=SC2053 # a pattern, on purpose
                [[ $file == $place ]] && at_home=1
            done
            [ $at_home = 1 ] || complain "$file includes <$target>, whose home is$places"
        done <<<"$homes"
        ;;
    esac
done < <(grep -rHoE --include='*.cc' --include='*.h' '^#include ("[^"]+"|<[^>]+>)' base cli lib netstack rootless storage tests | sed 's/:#include /:/')
exit $failed
