# shellcheck shell=bash
# A bundle with a busybox for the tests of the OCI runtime.

# make_bundle DIR [--rootless]
make_bundle() {
    mkdir -p "$1"/rootfs/{bin,proc,dev,sys,tmp}
    cp "$(readlink -f "$(command -v busybox)")" "$1/rootfs/bin/busybox"
    for applet in sh sleep cat tail mknod head true; do ln -s busybox "$1/rootfs/bin/$applet"; done
    # shellcheck disable=SC2086
    ctl oci spec --bundle "$1" ${2:-}
    sed -i 's/"terminal": true/"terminal": false/' "$1/config.json"
}

# runs DIR SCRIPT: what the bundle's program is.
runs() { sed -i "s|^ *\"sh\"\$|\"sh\", \"-c\", \"$2\"|" "$1/config.json"; }

# limits DIR CGROUPS_PATH RESOURCES
limits() { sed -i "s|^ *\"linux\": {|&\"cgroupsPath\": \"$2\", \"resources\": $3,|" "$1/config.json"; }
