# Containers on ctl's own overlay (FUSE). The suites for the rest run over it as a whole with CTL_TEST_STORAGE_DRIVER=fuse.
load helper
setup() {
    setup_busybox
    need fuse
    export CTL_STORAGE_DRIVER=fuse
}

root_type() { grep ' / ' | cut -d' ' -f3; }
# files_process NAME: the process that shows a container's files.
files_process() { pgrep -u "$(id -u)" -f "^ctl: files $1 *\$"; }
# within_seconds N COMMAND...: until it succeeds.
within_seconds() {
    local tries=$(($1 * 20))
    shift
    for _ in $(seq "$tries"); do
        if "$@"; then return 0; fi
        sleep 0.05
    done
    return 1
}

@test "--storage-driver fuse shows a container its files through FUSE, and inspect says so" {
    unset CTL_STORAGE_DRIVER
    "$CTL" --storage-driver fuse run -d --name on "$IMG" sleep 100
    equals "$(ctl exec on cat /proc/mounts | root_type)" fuse
    equals "$(ctl inspect --format '{{.Driver}} {{.GraphDriver.Name}}' on)" "fuse fuse"
}

@test "without being told so, a container is on the kernel's overlay" {
    unset CTL_STORAGE_DRIVER
    equals "$(ctl run --rm "$IMG" cat /proc/mounts | root_type)" overlay
    equals "$(ctl info --format '{{.Store.GraphDriverName}}')" overlay
}

# remember_refusal PROBE: as if the kernel had refused the mount earlier in this boot.
remember_refusal() {
    mkdir -p "$XDG_RUNTIME_DIR/ctl"
    printf '%s %s %s\nwhy not' "$(cat /proc/sys/kernel/random/boot_id)" "$(uname -r)" "$XDG_DATA_HOME/ctl" >"$XDG_RUNTIME_DIR/ctl/$1"
}

@test "where the kernel's overlay does not work, FUSE takes its place" {
    unset CTL_STORAGE_DRIVER
    remember_refusal overlay-probe
    equals "$(ctl run --rm "$IMG" cat /proc/mounts | root_type)" fuse
    equals "$(ctl info --format '{{.Store.graphDriverName}} {{.Store.kernelOverlay.reason}}')" "fuse why not"
    CTL_STORAGE_DRIVER=overlay fails_with 125 "why not" run --rm "$IMG" true
}

@test "where the kernel cannot show other owners, FUSE does" {
    unset CTL_STORAGE_DRIVER
    remember_refusal shift-probe
    equals "$(ctl run --rm --userns nomap "$IMG" cat /proc/mounts | root_type)" fuse
    equals "$(ctl run --rm --userns keep-id "$IMG" stat -c %u:%g /etc/passwd)" 0:0
    equals "$(ctl run --rm "$IMG" cat /proc/mounts | root_type)" overlay
}

@test "a container made with a driver is started with it" {
    ctl create --name made "$IMG" cat /proc/mounts
    unset CTL_STORAGE_DRIVER
    equals "$(ctl start --attach made | root_type)" fuse
}

@test "info tells of both drivers, and which one new containers get" {
    equals "$(ctl info --format '{{.Store.GraphDriverName}}')" fuse
    equals "$(ctl info --format '{{.Store.fuse.works}} {{.Store.kernelOverlay.works}}')" "true true"
}

@test "a driver that there is not is refused" {
    CTL_STORAGE_DRIVER=vfs fails_with 125 "overlay (the kernel's), fuse (ctl's own) and combined" run --rm "$IMG" true
}

@test "without /dev/fuse it says so" {
    run --separate-stderr unshare --user --map-root-user --map-auto --mount bash -c \
        'mount -t tmpfs none /dev && CTL_STORAGE_DRIVER=fuse exec "$0" run --rm "$1" true' "$CTL" "$IMG"
    equals "$status" 125
    contains "$stderr" "/dev/fuse"
}

@test "what a container wrote is there for the next start, for diff, cp, export and commit" {
    ctl run --name done "$IMG" sh -c 'echo one >/file; rm /etc/group; mkdir /dir'
    equals "$(ctl diff done | sort)" $'A /dir\nA /file\nC /etc\nD /etc/group'
    equals "$(ctl cp done:/file - | tar xO)" one
    contains "$(ctl export done | tar t)" dir/
    ctl commit --quiet done image
    equals "$(ctl run --rm image sh -c 'cat /file; ls /etc/group 2>&1')" $'one\nls: /etc/group: No such file or directory'
}

@test "a file of the image with two names is changed under both, also in what is committed" {
    ctl run --name one "$IMG" sh -c 'echo old >/first; mkdir /dir; ln /first /dir/second'
    ctl commit --quiet one links
    ctl run --name two links sh -c 'echo new >/first; cat /dir/second' >out
    equals "$(cat out)" new
    ctl commit --quiet two changed
    equals "$(ctl run --rm changed cat /dir/second)" new
    contains "$(ctl diff two)" "C /dir/second"
}

@test "cp, exec by user name and top reach into a running container" {
    ctl run -d --name on "$IMG" sleep 100
    echo text >file
    ctl cp file on:/tmp/file
    equals "$(ctl exec on cat /tmp/file)" text
    equals "$(ctl cp on:/tmp/file - | tar xO)" text
    tar c file | ctl cp - on:/
    equals "$(ctl exec on cat /file)" text
    equals "$(ctl exec --user daemon on id -un)" daemon
    contains "$(ctl top on user args)" "root  sleep 100"
}

@test "cp between two running containers says how it can be done, and so it can" {
    ctl run -d --name one "$IMG" sleep 100
    ctl run -d --name two "$IMG" sleep 100
    fails_with 125 "ctl cp one:PATH - | ctl cp - two:DIRECTORY" cp one:/etc/passwd two:/tmp/x
    ctl cp one:/etc/passwd - | ctl cp - two:/tmp
    ctl exec two cmp /etc/passwd /tmp/passwd
}

@test "cp refuses a container that is initialized" {
    ctl create --name made "$IMG" true
    ctl init made
    fails_with 125 "ctl start made" cp made:/etc/passwd passwd
}

@test "the owners are right under a map of one's own" {
    ctl run -d --name kept --userns keep-id "$IMG" sleep 100
    equals "$(ctl exec kept sh -c 'touch /tmp/new; stat -c %u:%g /etc/passwd /tmp/new')" "0:0"$'\n'"$(id -u):$(id -g)"
    ctl stop --time 0 kept
    equals "$(ctl export kept | tar tv --numeric-owner tmp/new | awk '{print $2}')" "$(id -u)/$(id -g)"
}

@test "no tree of other owners is made for a map of one's own" {
    ctl run --rm --userns keep-id "$IMG" true
    run ! ls "$XDG_DATA_HOME"/ctl/maps/*
}

@test "a process of its files that is killed ends the container, which says so" {
    ctl run -d --name on "$IMG" sleep 100
    kill -KILL "$(files_process on)"
    equals "$(ctl wait on)" 137
    contains "$(ctl inspect --format '{{.State.Error}}' on)" "ctl-fuse) was killed by signal 9"
    ctl start on
    ctl exec on true
}

@test "who waits for a container whose files are gone is told why" {
    ctl run --rm --name on "$IMG" sh -c 'echo out; sleep 100' >out 2>err &
    local client=$!
    within_seconds 20 grep -q out out
    kill -KILL "$(files_process on)"
    local status=0
    wait $client || status=$?
    equals "$status" 137
    equals "$(cat out)" out
    equals "$(cat err)" "ctl: container on: it was killed because its files were gone: the process that shows them (ctl-fuse) was killed by signal 9"
}

@test "option O and images as mounts are on FUSE, too" {
    mkdir source && echo one >source/file
    ctl run -d --name on -v "$PWD/source:/mnt:O" --mount "type=image,source=$IMG,destination=/image" \
        --mount "type=image,source=$IMG,destination=/rw,rw=true" "$IMG" sleep 100
    equals "$(ctl exec on grep -c -E '^[^ ]+ (/mnt|/image|/rw) fuse' /proc/mounts)" 3
    ctl exec on sh -c 'echo two >/mnt/file; cat /mnt/file; ls /image/bin/busybox; touch /rw/new; touch /image/new 2>/dev/null || echo read-only' >out
    equals "$(cat out)" $'two\n/image/bin/busybox\nread-only'
    equals "$(cat source/file)" one
    ctl stop --time 0 on
    equals "$(ctl cp on:/mnt/file - | tar xO)" two
    equals "$(ctl cp on:/image/etc/passwd - | tar t)" passwd
    ctl start on
    equals "$(ctl exec on cat /mnt/file)" one
}

@test "images as mounts have the right owners under a map of one's own" {
    ctl run -d --name on --userns keep-id --mount "type=image,source=$IMG,destination=/image" "$IMG" sleep 100
    equals "$(ctl exec on stat -c %u:%g /image/etc/passwd)" 0:0
}

@test "the death of any of its processes for files ends a container" {
    mkdir source
    ctl run -d --name on -v "$PWD/source:/mnt:O" "$IMG" sleep 100
    kill -KILL "$(pgrep -u "$(id -u)" -f '^ctl: files on/mnt *$')"
    equals "$(ctl wait on)" 137
}

@test "a container that ends by itself, with processes left, was not killed for want of files" {
    for _ in 1 2 3 4 5 6 7 8; do
        ctl run --name ended "$IMG" sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; exit 7' || equals "$?" 7
        equals "$(ctl inspect --format '{{.State.Error}}' ended)" ""
        ctl rm ended
    done
}

@test "two processes never serve one upper directory" {
    mkdir -p o/{lower,upper,work,one,two}
    fuse=$(dirname "$CTL")/ctl-fuse
    [ -x "$fuse" ] || skip "no ctl-fuse beside ctl"
    run unshare --user --map-root-user --map-auto --mount --pid --fork --kill-child --mount-proc bash -c '
        "$0" mount --lower o/lower --upper o/upper --work o/work o/one && "$0" mount --lower o/lower --upper o/upper --work o/work o/two' "$fuse"
    equals "$status" 1
    contains "$output" "another process serves this upper directory"
}

@test "a restart policy brings the files back" {
    ctl run -d --name on --restart on-failure "$IMG" sleep 100
    first=$(files_process on)
    kill -KILL "$first"
    again() { second=$(files_process on) && [ "$second" != "$first" ]; }
    within_seconds 10 again
    within_seconds 10 ctl exec on true
}

@test "SIGTERM to all of a container's processes does not take its files" {
    ctl run -d --name on "$IMG" sh -c 'trap "echo ended >/end; exit 0" TERM; while :; do sleep 0.1; done'
    kill "$(files_process on)" "$(ctl inspect --format '{{.State.ConmonPid}}' on)"
    equals "$(ctl wait on)" 0
    equals "$(ctl cp on:/end - | tar xO)" ended
}

@test "a container keeps its files when its monitor is killed" {
    ctl run -d --name on "$IMG" sleep 100
    kill -KILL "$(ctl inspect --format '{{.State.ConmonPid}}' on)"
    equals "$(ctl exec on cat /etc/hostname)" "$(ctl inspect --format '{{.Config.Hostname}}' on)"
    pid=$(files_process on)
    ctl rm --force --time 0 on
    within_seconds 5 eval '! kill -0 "$pid" 2>/dev/null'
}

@test "joined namespaces work between containers on FUSE and on the kernel's overlay" {
    ctl run -d --name fuse "$IMG" sleep 100
    CTL_STORAGE_DRIVER=overlay ctl run -d --name kernel "$IMG" sleep 100
    for other in fuse kernel; do
        equals "$(ctl run --rm --network "container:$other" --pid "container:$other" "$IMG" cat /proc/mounts | root_type)" fuse
        equals "$(CTL_STORAGE_DRIVER=overlay ctl run --rm --ipc "container:$other" --pid "container:$other" "$IMG" cat /proc/mounts | root_type)" overlay
    done
}

@test "single-id mode works on FUSE" {
    export CTL_SINGLE_ID=1
    ctl load --quiet --input "$(fixture busybox)/docker.tar"
    equals "$(ctl run --rm "$IMG" sh -c 'touch /x; stat -c %u /x; cat /proc/mounts' | tee out | root_type)" fuse
    equals "$(head -1 out)" 0
}

@test "mount inside of unshare shows the files, and leaves no process behind" {
    ctl create --name made "$IMG" true
    ctl unshare bash -c 'top=$("$CTL" mount made) && ls "$top/etc/passwd" && touch "$top/new"'
    contains "$(ctl diff made)" "A /new"
    within_seconds 5 eval '! pgrep -u "$(id -u)" -x ctl-fuse'
}

@test "when the process for its files cannot be started, the reason is told" {
    mkdir libexec && ln -s "$(dirname "$CTL")/ctl-image" libexec/
    echo "no program" >libexec/ctl-fuse && chmod 755 libexec/ctl-fuse
    CTL_LIBEXEC=$PWD/libexec fails_with 125 "execute $PWD/libexec/ctl-fuse: Exec format error" run --rm "$IMG" true
}

@test "a container whose files were not all written at its end says so" {
    ctl run -d --name on "$IMG" sleep 100
    process=$(files_process on)
    kill -STOP "$process"
    ctl kill on >/dev/null
    equals "$(ctl wait on)" 137
    contains "$(ctl inspect --format '{{.State.Error}}' on)" "was killed: of changed files with several names"
    run ! kill -0 "$process"
    ctl start on
    equals "$(ctl inspect --format '{{.State.Error}}' on)" ""
}

@test "a cp under way does not keep a container from ending well, and names the file it was at" {
    ctl run --name one "$IMG" sh -c 'echo old >/first; mkdir /dir; ln /first /dir/second; dd if=/dev/urandom of=/big bs=1M count=16'
    ctl commit --quiet one links
    ctl run -d --name two links sh -c 'echo new >/first; sleep 100'
    eventually ctl exec two grep -q new /dir/second
    mkfifo pipe
    ctl cp two:/big - >pipe 2>error &
    copy=$!
    exec 7<pipe
    head -c 1 <&7 >/dev/null # it has begun
    ctl stop --time 0 two
    cat <&7 >/dev/null
    exec 7<&-
    run wait "$copy"
    equals "$status" 125
    contains "$(cat error)" "the container ended before all was copied: "
    contains "$(cat error)" "big: Transport endpoint is not connected"
    contains "$(ctl diff two)" "C /dir/second"
    equals "$(ctl inspect --format '{{.State.Error}}' two)" ""
}

@test "an image of many files starts under another map as fast as a small one: its metadata is on FUSE, unless the tree is there" {
    unset CTL_STORAGE_DRIVER
    ctl create --name maker "$IMG" true >/dev/null
    mkdir many && touch many/{1..1100}
    ctl cp many maker:/many
    ctl commit -q maker many >/dev/null
    ctl rm maker
    equals "$(ctl run --userns keep-id --name shown many cat /proc/mounts | root_type)" overlay
    equals "$(ctl inspect --format '{{.Driver}}' shown)" combined
    equals "$(ctl run --rm --userns nomap many stat -c %u:%g /many/7)" 0:0
    remember_refusal shift-probe # and where the kernel cannot
    equals "$(ctl run --rm --userns keep-id many cat /proc/mounts | root_type)" fuse
    rm "$XDG_RUNTIME_DIR/ctl/shift-probe"
    equals "$(ctl run --rm many cat /proc/mounts | root_type)" overlay # no other owners are needed
    equals "$(ctl run --rm --userns keep-id "$IMG" cat /proc/mounts | root_type)" overlay # a few files
    [ "$(find "$XDG_DATA_HOME"/ctl/maps -path '*/fs/many/*' | wc -l)" = 0 ]
    equals "$(ctl --storage-driver overlay run --rm --userns keep-id many cat /proc/mounts | root_type)" overlay
    ctl run --userns keep-id --name now many true # it is there now
    equals "$(ctl inspect --format '{{.Driver}}' now)" overlay
}

# combined_container: box, by both overlays together, in a map that needs other owners.
combined_container() {
    export CTL_STORAGE_DRIVER=combined
    ctl run -d --name box --userns keep-id "$IMG" sleep 100 >/dev/null
}

@test "combined: the kernel's overlay is above, ours is below, and the content comes from the layers" {
    combined_container
    equals "$(ctl inspect --format '{{.Driver}}' box)" combined
    equals "$(ctl exec -u 0 box cat /proc/mounts | root_type)" overlay
    [ -n "$(files_process box)" ]
    equals "$(ctl exec -u 0 box stat -c %u:%g /bin/busybox)" 0:0
    equals "$(ctl exec -u 0 box sha256sum /bin/busybox | cut -d' ' -f1)" "$(ctl --storage-driver overlay run --rm "$IMG" sha256sum /bin/busybox | cut -d' ' -f1)"
    [ ! -e "$XDG_DATA_HOME/ctl/maps" ] || equals "$(find "$XDG_DATA_HOME/ctl/maps" -name fs)" "" # no tree was made
}

@test "combined: all files have one device number, and hard links one inode" {
    ctl --storage-driver overlay run --name maker "$IMG" sh -c 'mkdir /d; echo one >/d/a; ln /d/a /d/b'
    ctl commit -q maker linked >/dev/null
    equals "$(ctl --storage-driver combined run --rm --userns keep-id -u 0 linked sh -c 'stat -c %d / /d /d/a | uniq | wc -l; [ /d/a -ef /d/b ] && echo same; stat -c %h /d/a')" $'1\nsame\n2'
}

@test "combined: a file too deep for a path from the layers to lead to it is read all the same" {
    local name
    name=$(printf 'd%.0s' {1..200})
    ctl --storage-driver overlay run --name maker -e name="$name" "$IMG" sh -c 'mkdir /deep; cd /deep; i=0
        while [ $i -lt 20 ]; do mkdir $name; cd $name; i=$((i+1)); done; echo found >file' >/dev/null
    ctl commit -q maker deep >/dev/null
    equals "$(ctl --storage-driver combined run --rm --userns keep-id -u 0 deep sh -c 'cd /deep; while cd d* 2>/dev/null; do :; done; cat file')" found
}

@test "combined: what is changed stays, for commit, diff, cp and the next start" {
    combined_container
    ctl exec -u 0 box sh -c 'echo new >/etc/new; echo more >>/etc/passwd; rm -r /etc/group; mkdir /home/dir'
    equals "$(ctl diff box | sort)" "$(printf 'A /etc/new\nA /home/dir\nC /etc\nC /etc/passwd\nC /home\nD /etc/group')"
    ctl cp box:/etc/new "$T/new"
    equals "$(cat "$T/new")" new
    ctl commit -q box changed >/dev/null
    ctl stop -t 0 box
    for driver in overlay fuse combined; do
        equals "$(ctl --storage-driver $driver run --rm --userns keep-id -u 0 changed sh -c 'tail -n1 /etc/passwd; cat /etc/new; stat -c %u /etc/passwd; ls /etc/group 2>&1 | grep -c "No such"')" $'more\nnew\n0\n1'
    done
    ctl start box
    equals "$(ctl exec -u 0 box tail -n1 /etc/passwd)" more
}

@test "combined: cp from one container to another, also where an image is mounted" {
    combined_container
    ctl run -d --name other --userns keep-id "$IMG" sleep 100 >/dev/null
    ctl exec -u 0 box sh -c 'echo word >/etc/word'
    ctl cp box:/etc/word other:/etc/word
    equals "$(ctl exec other cat /etc/word)" word
    ctl run -d --name third --userns keep-id --mount type=image,source="$IMG",destination=/i "$IMG" sleep 100 >/dev/null
    ctl cp third:/i/bin/busybox "$T/busybox"
    equals "$(sha256sum <"$T/busybox")" "$(ctl run --rm "$IMG" cat /bin/busybox | sha256sum)"
    equals "$(ctl exec --user root third id -u)" 0
}

@test "combined: where no other owners are needed it is the kernel's overlay alone" {
    export CTL_STORAGE_DRIVER=combined
    ctl run -d --name plain "$IMG" sleep 100
    equals "$(ctl inspect --format '{{.Driver}}' plain)" overlay
    [ -z "$(files_process plain)" ]
}

@test "combined: when the process below ends, the container ends and says so" {
    combined_container
    kill -KILL "$(files_process box)"
    within_seconds 10 eval '[ "$(ctl inspect --format "{{.State.Status}}" box)" = exited ]'
    contains "$(ctl inspect --format '{{.State.Error}}' box)" "ctl-fuse) was killed by signal 9"
}

@test "combined: where one of the two cannot be had, the error says which" {
    remember_refusal shift-probe
    export CTL_STORAGE_DRIVER=combined
    fails_with 125 "6.16" run --rm --userns keep-id "$IMG" true
}
