# A store on an overlay file system, as ctl inside of another container has it: the kernel's overlay refuses to write there, and
# nobody may make a whiteout as a device. Root makes $CTL_TEST_ON_OVERLAY for this file (run.py).
load helper
setup() {
    ctl_setup
    [ -n "${CTL_TEST_ON_OVERLAY:-}" ] || skip "only root can mount an overlay like a container's"
    need userns fuse
    XDG_DATA_HOME=$(mktemp -d "$CTL_TEST_ON_OVERLAY/d.XXXXXX")
    unset CTL_STORAGE_DRIVER
    load_image busybox
}
teardown() {
    ctl_teardown
    if [ -n "${CTL_TEST_ON_OVERLAY:-}" ]; then remove_tree "$XDG_DATA_HOME"; fi
}

@test "containers run on FUSE there, and info says why" {
    equals "$(ctl run --rm "$IMG" sh -c 'grep " / " /proc/mounts | cut -d" " -f1')" fuse
    equals "$(ctl info --format '{{.Store.graphDriverName}}')" fuse
    contains "$(ctl info --format '{{.Store.kernelOverlay.reason}}')" "mount overlay"
}

@test "what a container removes stays removed: at the next start, in diff, cp, commit and export" {
    ctl run --name made "$IMG" sh -c 'rm /etc/passwd; rm -r /data; mkdir /data; mv /etc/group /etc/moved'
    equals "$(ctl diff made | sort)" $'A /etc/moved\nC /data\nC /etc\nD /data/seed\nD /etc/group\nD /etc/passwd'
    lacks "$(ctl export made | tar t)" etc/passwd
    fails_with 125 "/etc/passwd" cp made:/etc/passwd .
    ctl commit --quiet made image
    equals "$(ctl run --rm image sh -c 'ls /etc/passwd /etc/group /etc/moved /data/seed' 2>/dev/null)" /etc/moved
}

@test "layers with whiteouts are pulled apart, checked, saved and loaded again" {
    ctl run --name made "$IMG" sh -c 'rm /etc/passwd; rm -r /data; mkdir /data; touch /data/new'
    ctl commit --quiet made image
    ctl save --quiet --output saved.tar image
    ctl rm made
    ctl rmi --force image
    ctl load --quiet --input saved.tar
    ctl system check
    equals "$(ctl run --rm --userns keep-id image sh -c 'ls /data /etc/passwd')" $'/etc/passwd\n\n/data:\nnew' # keep-id's own
    run ! ctl run --rm image ls /etc/passwd
}

@test "a removed file can be made again, also as a directory, and a directory moved over one" {
    ctl run --name made "$IMG" sh -c '[ ! -e /other.was ] || exit 0; touch /other.was; rm /etc/passwd /etc/group; mkdir /etc/passwd /other; touch /etc/passwd/in; mv /other /etc/group'
    ctl start made
    ctl wait made # it read the directories anew
    equals "$(ctl export made | tar t etc/passwd etc/group | sort | tr '\n' ' ')" "etc/group/ etc/passwd/ etc/passwd/in "
}

@test "a read-only container has the image's content in its writable places" {
    equals "$(ctl run --rm --read-only "$IMG" sh -c 'touch /tmp/new; ls /tmp')" new
}

@test "option O works there" {
    mkdir source && echo one >source/file
    equals "$(ctl run --rm -v "$PWD/source:/mnt:O" "$IMG" sh -c 'rm /mnt/file; ls /mnt; touch /mnt/new; ls /mnt')" new
    equals "$(cat source/file)" one
}
