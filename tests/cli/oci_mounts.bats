# Mounts of a bundle with options of the specification's that few callers use.
load helper
load oci

setup() { setup_bundle; }
teardown() { oci_teardown; }

@test "copy-symlink: a link is made anew and not followed" {
    mkdir src && ln -s /etc/elsewhere src/link && echo text >src/file
    config '.mounts += [{destination: "/deep/er/link", type: "bind", source: $link, options: ["bind", "copy-symlink"]},
                        {destination: "/file", type: "bind", source: $file, options: ["bind", "copy-symlink"]}]' --arg link "$T/src/link" --arg file "$T/src/file"
    runs 'readlink /deep/er/link; cat /file'
    equals "$(oci run -b b one)" "$(printf '/etc/elsewhere\ntext')"
    equals "$(oci run -b b one)" "$(printf '/etc/elsewhere\ntext')" # it is there already
    rm b/rootfs/deep/er/link && ln -s /other b/rootfs/deep/er/link
    refused "cannot copy the link $T/src/link to /deep/er/link: File exists" run -b b one
}

@test "other ids for a file system of the machine's are refused to an ordinary user" {
    mkdir src
    config '.mounts += [{destination: "/s", type: "bind", source: $src, options: ["bind", "idmap"]}]' --arg src "$T/src"
    refused "idmap $T/src: the kernel lets only who has mounted the file system" create -b b one
    config '.mounts[-1] |= (.options = ["bind"] | .uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .gidMappings = .uidMappings)'
    refused "idmap $T/src: the kernel lets only" create -b b one
    config 'del(.mounts[-1]) | .mounts += [{destination: "/s", type: "tmpfs", source: "tmpfs", options: ["idmap"]}]'
    refused "mounts: /s: uidMappings are for bind mounts" create -b b one
    equals "$(oci list -q)" ""
}

@test "labels for mounts are an error where there is no SELinux" {
    [ ! -e /sys/fs/selinux/enforce ] || skip "this machine has SELinux"
    config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
    refused "linux.mountLabel: system_u:object_r:container_file_t:s0: there is no SELinux" create -b b one
}

@test "a mount namespace of one's own is joined by its path, and has what is mounted there" {
    mkdir seen
    unshare --user --map-root-user --mount sh -c "mount -t tmpfs t $T/seen && echo inside >$T/seen/file && exec sleep 100" 3>&- &
    joined=$!
    eventually grep -q "$T/seen" "/proc/$joined/mountinfo"
    config '.linux.namespaces |= map(if .type == "mount" then .path = $mnt elif .type == "user" then .path = $user else . end) |
            del(.linux.uidMappings, .linux.gidMappings) | .mounts += [{destination: "/s", type: "bind", source: $seen, options: ["rbind"]}]' \
        --arg mnt "/proc/$joined/ns/mnt" --arg user "/proc/$joined/ns/user" --arg seen "$T/seen"
    runs 'cat /s/file; readlink /proc/self/ns/mnt'
    run_oci run -b b one
    equals "$output" "$(printf 'inside\n%s' "$(readlink "/proc/$joined/ns/mnt")")"
    kill "$joined"
}
