# ctl-fuse: our overlay file system, by itself.
load helper
setup() {
    ctl_setup
    need userns fuse
    mkdir -p "$T"/o/{top,bottom,upper,work,merged}
    cd "$T/o" || return 1
}

ctl_fuse() { "${CTL_LIBEXEC:-$(dirname "$CTL")}/ctl-fuse" "$@"; }
mount_it() { ctl_fuse mount --lower top --lower bottom --upper upper --work work "$@" merged; }

# inside SCRIPT: as root of a user namespace of its own, in the directory with the layers. Its servers end with it.
inside() {
    export -f ctl_fuse mount_it
    unshare --user --map-root-user --map-auto --mount --pid --fork --kill-child --mount-proc bash -euo pipefail -c "$1"
}

# overlay SCRIPT: with the overlay on merged/, which is mounted anew wherever the script says `again`.
overlay() {
    inside "again() { umount merged && mount_it; }
        mount_it
        $1
        umount merged"
}

@test "the layers are one tree, the topmost first" {
    mkdir top/both bottom/both
    echo 1 >top/file
    echo 2 >bottom/file
    echo low >bottom/low
    touch top/both/one bottom/both/two
    run overlay 'cat merged/file merged/low; ls merged merged/both'
    equals "$output" $'1\nlow\nmerged:\nboth\nfile\nlow\n\nmerged/both:\none\ntwo'
}

@test "whiteouts are understood in every spelling" {
    mkdir -p {top,bottom}/{opaque,fuse,aufs,image}
    touch bottom/{device,named,kept,.hidden} bottom/{opaque,fuse,aufs,image}/below top/opaque/above
    touch top/.wh.named top/aufs/.wh..wh..opq
    run overlay 'ls -A merged merged/aufs; mknod top/device c 0 0; setfattr -n user.overlay.opaque -v y top/opaque
        setfattr -n user.fuseoverlayfs.opaque -v y top/fuse; setfattr -n user.overlay.opaque -v x top/image
        touch top/image/below; setfattr -n user.overlay.whiteout -v "" top/image/below
        again; cd merged; echo; ls -A; ls opaque fuse aufs image; cd ..'
    equals "$output" "merged:
.hidden
aufs
device
fuse
image
kept
opaque

merged/aufs:

.hidden
aufs
fuse
image
kept
opaque
aufs:

fuse:

image:

opaque:
above"
}

@test "the lower layers stay as they are, whatever is done" {
    mkdir bottom/dir
    echo old >bottom/dir/file
    echo old >bottom/removed
    ln -s dir bottom/link
    before=$(find bottom top -printf '%p %y %m %s %T@ %n\n' | sort)
    overlay 'cd merged; echo new >>dir/file; rm removed; chmod 700 dir; mv link dir/; mkdir removed; cd ..; again
        [ "$(cat merged/dir/file)" = "old
new" ] && [ -d merged/removed ] && [ "$(readlink merged/dir/link)" = dir ] && [ ! -e merged/link ]'
    equals "$(find bottom top -printf '%p %y %m %s %T@ %n\n' | sort)" "$before"
}

@test "what is removed below becomes a whiteout that the kernel's overlay understands" {
    need overlay
    mkdir -p bottom/dir/sub
    touch bottom/{file,dir/sub/file} top/stays
    overlay 'rm merged/file; rm -r merged/dir; mkdir merged/dir; touch merged/dir/new'
    run inside 'stat -c "%F %t:%T" upper/file; mount -t overlay overlay -o userxattr,lowerdir=top:bottom,upperdir=upper,workdir=work merged
        find merged -mindepth 1 | sort; umount merged'
    equals "$output" $'character special file 0:0\nmerged/dir\nmerged/dir/new\nmerged/stays'
}

@test "a file keeps its inode number, times and attributes when it is copied up" {
    echo text >bottom/file
    chmod 4711 bottom/file
    touch -d 2001-01-01 bottom/file bottom
    setfattr -n user.mine -v value bottom/file
    run overlay 'exec 3<merged/file; one=$(stat -c "%i %Y" merged/file); above=$(stat -c "%Y" merged)
        setfattr -n user.more -v x merged/file; getfattr -d merged/file 2>/dev/null | sort | tail -n 2
        [ "$one" = "$(stat -c "%i %Y" merged/file)" ]; [ "$above" = "$(stat -c "%Y" merged)" ]; [ "$(stat -c %a merged/file)" = 4711 ]
        stat -c %F upper/file; exec 3<&-; again; [ "$one" = "$(stat -c "%i %Y" merged/file)" ]; echo same'
    equals "$output" $'user.mine="value"\nuser.more="x"\nregular file\nsame'
}

@test "who has a file open sees what is written after the copy-up, through mappings as well" {
    printf '%010000d' 0 >bottom/file
    run overlay 'python3 -c "
import mmap, os
reader = os.open(\"merged/file\", os.O_RDONLY)
view = mmap.mmap(reader, 10000, mmap.MAP_SHARED, mmap.PROT_READ)
print(view[:3])
writer = os.open(\"merged/file\", os.O_RDWR)
os.pwrite(writer, b\"new\", 0)
print(view[:3], os.pread(reader, 3, 0), os.fstat(reader).st_ino == os.stat(\"merged/file\").st_ino)
both = mmap.mmap(writer, 10000)
both[0:3] = b\"map\"
print(os.pread(reader, 3, 0), view[:3])
"'
    equals "$output" "b'000'
b'new' b'new' True
b'map' b'map'"
}

@test "names of one file stay names of one file when it is copied up, and after mounting again" {
    mkdir bottom/dir
    echo one >bottom/file
    ln bottom/file bottom/dir/other
    ln bottom/file bottom/third
    run overlay 'show() { stat -c "%h" merged/file; [ "$(stat -c %i merged/file)" = "$(stat -c %i merged/dir/other)" ]; cat merged/dir/other; }
        show; echo two >merged/file; show; again; show; echo three >merged/third; show; rm merged/file; again
        stat -c "%h" merged/third; ln merged/third merged/file; show; rm merged/{file,third,dir/other}; find work -type f'
    equals "$output" $'3\none\n3\ntwo\n3\ntwo\n3\nthree\n2\n3\nthree'
}

@test "a file that is removed while it is open stays for who has it open" {
    echo below >bottom/low
    run overlay 'exec 3<merged/low 4<>merged/new; echo new >&4; rm merged/low merged/new; cat <&3; cat /proc/self/fd/4
        echo more >&4; stat -L -c "%h %s" /proc/self/fd/4; exec 3<&- 4<&-; ls merged'
    equals "$output" $'below\nnew\n0 9'
}

@test "unnamed files can be made and named" {
    mkdir bottom/dir
    overlay 'python3 -c "
import ctypes, os
fd = os.open(\"merged/dir\", os.O_TMPFILE | os.O_RDWR, 0o640)
os.write(fd, b\"text\")
assert ctypes.CDLL(None).linkat(-100, b\"/proc/self/fd/%d\" % fd, -100, b\"merged/dir/named\", 0x400) == 0
assert os.fstat(fd).st_nlink == 1
"; [ "$(cat merged/dir/named)" = text ] && [ "$(stat -c %a merged/dir/named)" = 640 ]; again; [ "$(cat merged/dir/named)" = text ]'
}

@test "directories that exist below are not renamed, others are" {
    mkdir bottom/low
    run overlay 'mkdir merged/new; mv merged/new merged/moved; mv --exchange merged/a merged/b 2>/dev/null || true
        python3 -c "
import os
try: os.rename(\"merged/low\", \"merged/x\")
except OSError as e: print(e.strerror)
"; mv merged/low merged/copied; ls merged'
    equals "$output" $'Invalid cross-device link\ncopied\nmoved'
}

@test "a directory moved over a whiteout does not show what was below" {
    mkdir bottom/dir
    touch bottom/dir/below
    run overlay 'mkdir merged/new; touch merged/new/file; rm -r merged/dir; mv merged/new merged/dir; ls merged/dir; again; ls merged/dir'
    equals "$output" $'file\nfile'
}

@test "holes stay holes over a copy-up" {
    truncate -s 64M bottom/file
    echo end >>bottom/file
    run overlay 'setfattr -n user.x -v y merged/file; tail -n 1 merged/file | tr -d "\0"; [ "$(stat -c %b upper/file)" -lt 1000 ]; stat -c %s merged/file'
    equals "$output" $'end\n67108868'
}

@test "owners, groups and set-ids are as a file system has them" {
    run overlay 'mkdir -m 2775 merged/shared; chown 5:7 merged/shared; chmod 2775 merged/shared; mkdir -m 777 merged/open
        setpriv --reuid 3 --regid 4 --clear-groups sh -c "umask 027; touch merged/open/file; mkdir merged/open/dir"
        setpriv --reuid 5 --regid 4 --clear-groups sh -c "umask 022; touch merged/shared/file; mkdir merged/shared/dir"
        stat -c "%n %u:%g %a" merged/open/* merged/shared/*
        cp /bin/true merged/suid; chmod 4755 merged/suid; chown 3 merged/suid; chmod 4755 merged/suid; echo >>merged/suid; stat -c %a merged/suid'
    equals "$output" 'merged/open/dir 3:4 750
merged/open/file 3:4 640
merged/shared/dir 5:7 2755
merged/shared/file 5:7 644
755'
}

@test "permissions hold for those who are not root" {
    echo secret >bottom/secret
    chmod 600 bottom/secret
    run overlay 'mkdir -m 1777 merged/tmp; touch merged/tmp/theirs
        setpriv --reuid 3 --regid 4 --clear-groups sh -c "cat merged/secret || echo no; rm -f merged/tmp/theirs || echo no; touch merged/x || echo no" 2>/dev/null'
    equals "$output" $'no\nno\nno'
}

@test "access control lists work and are inherited, over whiteouts as well" {
    mkdir bottom/dir
    touch bottom/dir/file
    run overlay 'setfacl -m u:7:rw merged/dir/file; setfacl -d -m u:8:rwx merged/dir; touch merged/dir/new; rm merged/dir/file; touch merged/dir/file
        getfacl -cn merged/dir/new | grep user:8; getfacl -cn merged/dir/file | grep user:8; again; getfacl -cn merged/dir/file | grep user:8
        echo text >merged/private; chmod 600 merged/private; setfacl -m u:7:r merged/private
        setpriv --reuid 7 --regid 7 --clear-groups cat merged/private
        { setpriv --reuid 8 --regid 8 --clear-groups cat merged/private 2>&1 || true; } | grep -o "Permission denied"'
    equals "$(tr -s ' \t' ' ' <<<"$output")" $'user:8:rwx #effective:rw-\nuser:8:rwx #effective:rw-\nuser:8:rwx #effective:rw-\ntext\nPermission denied'
}

@test "the overlay's own attributes are neither shown nor to be set" {
    echo x >bottom/file
    run overlay 'echo y >>merged/file; getfattr -m - merged/file; { setfattr -n user.overlay.opaque -v y merged/file 2>&1 || true; } | grep -o "not permitted"'
    equals "$output" 'not permitted'
}

@test "locks hold between processes" {
    touch bottom/file
    run overlay 'exec 3<>merged/file; flock 3; flock --nonblock merged/file true || echo locked; flock --unlock 3; flock --nonblock merged/file echo free; exec 3<&-'
    equals "$output" $'locked\nfree'
}

@test "a tree of many files arrives as it was" {
    run overlay 'cp -a /usr/include/linux merged/copy; diff -r /usr/include/linux merged/copy; again; diff -r /usr/include/linux merged/copy
        rm -r merged/copy; ls -A merged upper; ls work/ctl-tmp'
    equals "$status" 0
    equals "$output" $'merged:\n\nupper:'
}

@test "few descriptors are enough for many files" {
    mkdir bottom/{1..40}
    touch bottom/{1..40}/{1..20}
    run overlay 'umount merged; (ulimit -n 100; mount_it); find merged -type f | wc -l
        for file in merged/*/*; do echo "$file" >>"$file"; done; cat merged/*/* | sort | uniq | wc -l; rm -r merged/*; ls -A merged'
    equals "$output" $'800\n800'
}

@test "a name may be as long as elsewhere and no longer" {
    run overlay 'long=$(printf %0255d 0); touch "merged/$long"; [ -e "merged/$long" ]; { touch "merged/0$long" 2>&1 || rm "merged/0$long" 2>&1 || true; } | grep -o "File name too long"'
    equals "$output" $'File name too long\nFile name too long'
}

@test "without an upper directory it is read-only" {
    echo x >bottom/file
    run inside 'ctl_fuse mount --lower bottom merged; cat merged/file; echo y 2>/dev/null >merged/file || echo refused; rm merged/file 2>&1; umount merged'
    equals "$output" "x
refused
rm: cannot remove 'merged/file': Read-only file system"
}

@test "links in a layer lead nowhere outside of it" {
    mkdir -p top/dir
    ln -s "$T" bottom/dir
    ln -s "$T" bottom/out
    touch top/dir/file secret
    run overlay 'ls merged/dir; stat -c %F merged/out; rm merged/dir/file; rmdir merged/dir; ln -s elsewhere merged/dir; readlink merged/dir'
    equals "$output" $'file\nsymbolic link\nelsewhere'
    [ -e "$T/o/secret" ]
}

@test "a server that is killed leaves a mount that says so, and what was done is there" {
    run inside 'mkfifo ready; mount_it --foreground --ready-fd 7 7<>ready & head -c 1 ready; echo kept >merged/file; mkdir merged/dir
        pkill -KILL ctl-fuse; wait $! || true; { cat merged/file 2>&1 || true; } | grep -o "not connected"; umount merged; mount_it; cat merged/file; umount merged'
    [[ "$output" == +*$'not connected\nkept' ]]
}

@test "what it cannot do it says in one line" {
    run --separate-stderr inside 'ctl_fuse mount --lower missing merged'
    equals "$status" 1
    [[ "$stderr" == "ctl-fuse: "*missing*"No such file or directory" ]]
    run --separate-stderr inside 'ctl_fuse mount --lower bottom --upper upper merged'
    equals "$stderr" "ctl-fuse: --upper and --work go together"
    run --separate-stderr inside 'ctl_fuse mount merged'
    equals "$stderr" "ctl-fuse: an overlay needs a directory"
}

@test "the lower owners can be shown shifted, and what is copied up has the shifted ones" {
    echo 1 >bottom/file
    echo 2 >top/user
    run inside 'chown 5:7 bottom/file
        ctl_fuse mount --lower top --lower bottom --upper upper --work work --shift "u0:10:5,5:20:1;g0:30:10" merged
        stat -c "%n %u:%g" merged/file merged/user
        chmod 600 merged/file
        stat -c "%n %u:%g" upper/file
        touch merged/new
        stat -c "%n %u:%g" merged/new
        umount merged'
    equals "$output" $'merged/file 20:37\nmerged/user 10:30\nupper/file 20:37\nmerged/new 0:0'
}

@test "a file with several names has all of them in the upper directory after unmounting" {
    mkdir -p bottom/deep/dir top/deep
    echo old >bottom/one
    ln bottom/one bottom/deep/dir/two
    ln bottom/one bottom/gone
    run overlay 'echo new >merged/one; rm merged/gone; umount merged
        for _ in {1..100}; do pgrep -x ctl-fuse >/dev/null || break; sleep 0.05; done
        cat upper/deep/dir/two; stat -c %h upper/one; [ upper/one -ef upper/deep/dir/two ] && echo same; stat -c %F upper/gone
        mount_it; cat merged/deep/dir/two'
    equals "$output" $'new\n3\nsame\ncharacter special file\nnew' # the index has one
}

@test "the process behind the mount does not hold it when its mount namespace ends" {
    run inside 'unshare --mount bash -c "mount_it; until pgrep -f \"^ctl: processors\" >/dev/null; do sleep 0.01; done; pgrep -x ctl-fuse | wc -l"
        for _ in {1..100}; do pgrep -x ctl-fuse >/dev/null || break; sleep 0.05; done
        pgrep -x ctl-fuse | wc -l'
    equals "$output" $'1\n0'
}

@test "who asks everything is answered from its own processor, where others leave it alone" {
    [ "$(nproc)" -gt 1 ] || skip "one processor"
    mkdir bottom/many
    touch bottom/many/{1..500}
    cat >rename.py <<'PY'
import os
os.chdir('merged/many')
for name in os.listdir():
    os.rename(name, name + 'x')
PY
    # The thread has policy 5, SCHED_IDLE, and one processor it may run on.
    run overlay '
        followed() {
            local task
            for task in /proc/[0-9]*/task/*; do
                [ "$(sed "s/.*) //" "$task/stat" 2>/dev/null | cut -d" " -f39)" = 5 ] || continue
                grep -q "^Cpus_allowed_list:.[0-9]*$" "$task/status" && return 0
            done
            return 1
        }
        alone() { [ "$(cut -d" " -f4 /proc/loadavg | cut -d/ -f1)" -le 2 ]; }
        followed && echo early
        in_vain=0
        for _ in {1..25}; do
            was_alone=; alone && was_alone=1
            python3 rename.py
            followed && break
            [ -n "$was_alone" ] && alone && in_vain=$((in_vain + 1))
            sleep 0.2
        done
        ls merged/many | wc -l; followed && echo followed || echo "not in $in_vain times alone"'
    equals "${lines[0]}" 500
    case ${lines[1]} in
    "not in "[0-4]" times alone") skip "others want the processors" ;;
    *) equals "${lines[1]}" followed ;;
    esac
}

@test "the process that looks for callers ends with the server, however that ends" {
    run inside 'here() { until pgrep -f "^ctl: processors" >/dev/null; do sleep 0.01; done; }
        mount_it; here; pgrep -fc "^ctl: processors"; umount merged
        for _ in {1..100}; do pgrep -f "^ctl: processors" >/dev/null || break; sleep 0.05; done
        pgrep -fc "^ctl: processors" || true
        mount_it; here; pkill -KILL -x ctl-fuse
        for _ in {1..100}; do pgrep -f "^ctl: processors" >/dev/null || break; sleep 0.05; done
        pgrep -fc "^ctl: processors" || true; umount merged'
    equals "$output" $'1\n0\n0'
}

@test "without the process that looks for callers everything works, from any processor" {
    mkdir bottom/many
    touch bottom/many/{1..200}
    run overlay 'until pkill -KILL -f "^ctl: processors"; do sleep 0.01; done
        python3 -c "import os; [os.rename(f\"merged/many/{i}\", f\"merged/many/y{i}\") for i in range(1, 201)]"; ls merged/many | wc -l'
    equals "$output" 200
}

@test "a large file is read as it is, also where it does not begin with a page and beyond its end" {
    python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(3000001))' >bottom/large
    run overlay 'cmp merged/large bottom/large && dd if=merged/large bs=262144 iflag=direct status=none | cmp - bottom/large &&
        tail -c +1000 merged/large | cmp - <(tail -c +1000 bottom/large) && truncate -s 5000000 merged/large &&
        truncate -s 5000000 bottom/copy && dd if=bottom/large of=bottom/copy conv=notrunc bs=1M status=none && cmp merged/large bottom/copy && echo same'
    equals "$output" same
}
