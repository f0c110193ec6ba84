# Stores on file systems that cannot keep an image's owners: NFS from a server on this machine, and FAT, each really mounted.
# vm: root
load helper

setup_file() {
    mkdir -p /srv/home /etc/exports.d /mnt/nfs /mnt/fat
    chown alice: /srv/home
    echo '/srv/home 127.0.0.1(rw,no_root_squash,insecure,fsid=1)' >/etc/exports.d/ctl.exports
    systemctl start nfs-server
    exportfs -ra
    mount -t nfs -o vers=4.2 127.0.0.1:/srv/home /mnt/nfs
    truncate -s 40M /var/tmp/fat.img
    mkfs.vfat /var/tmp/fat.img >/dev/null
    mount -t vfat -o loop,uid=alice,gid=alice /var/tmp/fat.img /mnt/fat
    as_alice ctl --root /var/tmp/alice-ctl load --quiet --input "$IMAGES/busybox.tar"
}
teardown_file() {
    as_alice ctl --root /var/tmp/alice-ctl system reset --force
    umount /mnt/nfs /mnt/fat
    systemctl stop nfs-server
    rm /var/tmp/fat.img
}

# With the environment of her session.
as_alice() {
    setpriv --reuid 1000 --regid 1000 --init-groups env -i "HOME=${home:-/home/alice}" "PATH=$PATH" XDG_RUNTIME_DIR=/run/user/1000 \
        DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"
}

# refuses NAME DIRECTORY COMMAND...: ctl's only answer is why it does not make a store there and what to do, and it leaves nothing.
refuses() {
    local name=$1 directory=$2
    shift 2
    run as_alice "$@"
    equals "$status" 125
    contains "$output" "$directory is on $name, which cannot keep files of subordinate ids; use a directory on a local disk, for example ctl --root /var/tmp/"
    equals "$(find "$directory" -mindepth 1 2>/dev/null)" ""
}

@test "both are what they claim to be, and keep no file of a subordinate id" {
    equals "$(stat -f -c %T /mnt/nfs /mnt/fat | tr '\n' ' ')" "nfs msdos "
    local place
    for place in /mnt/nfs /mnt/fat; do
        as_alice touch "$place/file"
        run as_alice unshare --user --map-root-user --map-auto chown 1:1 "$place/file"
        [ "$status" != 0 ]
        rm "$place/file"
    done
}

@test "a store on NFS is refused at its first use, with advice" {
    refuses NFS /mnt/nfs/ctl ctl --root /mnt/nfs/ctl load --quiet --input "$IMAGES/busybox.tar"
    refuses NFS /mnt/nfs/ctl ctl --root /mnt/nfs/ctl pull --quiet 127.0.0.1:1/x
    refuses NFS /mnt/nfs/ctl ctl --root /mnt/nfs/ctl volume create data
}

@test "a store on FAT is refused at its first use, with advice" {
    refuses FAT /mnt/fat/ctl ctl --root /mnt/fat/ctl load --quiet --input "$IMAGES/busybox.tar"
}

@test "a home on NFS: the default place is refused, and the advice works" {
    home=/mnt/nfs refuses NFS /mnt/nfs/.local/share/ctl ctl load --quiet --input "$IMAGES/busybox.tar"
    home=/mnt/nfs run as_alice env CTL_ROOT=/var/tmp/alice-ctl ctl run --rm localhost/busybox echo works
    equals "$output" works
}

@test "files on NFS can be mounted into a container" {
    as_alice sh -c 'echo there >/mnt/nfs/data'
    run as_alice ctl --root /var/tmp/alice-ctl run --rm -v /mnt/nfs:/mnt localhost/busybox sh -c 'cat /mnt/data; echo more >>/mnt/data'
    equals "$output" there
    equals "$(cat /srv/home/data | tr '\n' ' ')" "there more "
    rm /srv/home/data
}
