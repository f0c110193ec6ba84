# ctl volume: volumes by themselves.
load helper
setup() { setup_busybox; }

@test "create makes a volume once, and ls, exists and inspect see it" {
    run_ctl volume create -l color=red data
    equals "$output" data
    fails_with 125 "exists already" volume create data
    run_ctl volume create --ignore data
    equals "$output" data
    run_ctl volume ls
    equals "$output" $'DRIVER  VOLUME NAME\nlocal   data'
    run_ctl volume exists data
    equals "$status" 0
    run_ctl volume exists other
    equals "$status" 1
    run_ctl volume inspect -f '{{.Name}} {{.Driver}} {{.Labels.color}} {{.Mountpoint}}' data
    equals "$output" "data local red $XDG_DATA_HOME/ctl/volumes/data/data"
    run_ctl volume create
    [[ $output =~ ^[0-9a-f]{64}$ ]]
}

@test "a name that could be a path is refused" {
    fails_with 125 "invalid volume name" volume create ../x
    fails_with 125 "invalid volume name" volume rm ..
    fails_with 125 "invalid volume name" volume inspect ../containers
}

@test "ls filters" {
    ctl volume create -l kind=a one >/dev/null
    ctl volume create -l kind=b two >/dev/null
    ctl create -v two:/x -v /anon "$IMG" true >/dev/null
    equals "$(ctl volume ls -q --filter label=kind=a)" one
    equals "$(ctl volume ls -q --filter label=kind)" $'one\ntwo'
    equals "$(ctl volume ls -q --filter label=kind=a --filter label=kind=b)" $'one\ntwo'
    equals "$(ctl volume ls -q --filter 'label!=kind=a' --filter name=t --filter label=kind)" two
    equals "$(ctl volume ls -q --filter dangling=true)" one
    equals "$(ctl volume ls -q --filter anonymous=true | wc -l)" 1
    fails_with 125 "unknown key" volume ls --filter color=red
}

@test "a volume in use is not removed, and its users are named" {
    ctl create --name user -v data:/x "$IMG" true >/dev/null
    fails_with 2 "in use by container user" volume rm data
    run_ctl volume rm -f data
    equals "$output" data
    equals "$(ctl ps -aq)" ""
    equals "$(ctl volume ls -q)" ""
}

@test "removing what is not there" {
    fails_with 1 "no volume with name" volume rm none
    run_ctl volume rm -f none
    equals "$status" 0
    ctl volume create a >/dev/null
    run_ctl volume rm none a
    equals "$status" 1
    equals "$output" a
}

@test "files of other ids go with the volume" {
    ctl run --rm -v data:/x "$IMG" sh -c 'mkdir /x/d; chown -R 1000 /x/d; chmod 0 /x/d'
    ctl volume rm data
    [ ! -e "$XDG_DATA_HOME/ctl/volumes/data" ]
    equals "$(ls "$XDG_DATA_HOME/ctl/trash")" ""
}

@test "prune removes what nobody uses and asks before" {
    ctl volume create unused >/dev/null
    ctl create -v used:/x "$IMG" true >/dev/null
    run_ctl volume prune </dev/null
    equals "$(ctl volume ls -q)" $'unused\nused'
    run_ctl volume prune -f
    equals "$output" unused
    equals "$(ctl volume ls -q)" used
}

@test "a volume of type tmpfs, and one that binds a directory" {
    mkdir dir
    ctl volume create -o type=tmpfs -o o=size=1m,mode=700 mem >/dev/null
    ctl volume create -o o=bind,ro -o "device=$T/dir" dir >/dev/null
    run_ctl run --rm -v mem:/m -v dir:/d "$IMG" sh -c 'grep -c " /m tmpfs " /proc/mounts; stat -c %a /m; touch /d/x'
    [ "$status" -ne 0 ]
    equals "$output" $'1\n700'
    contains "$stderr" "Read-only"
    fails_with 125 "only root can mount" volume create -o type=ext4 -o device=/dev/sda1 disk
    fails_with 125 "not known here" volume create -o type=tmpfs -o o=lunch bad
    fails_with 125 'option "size"' volume create -o size=1 bad
    equals "$(ctl volume ls -q)" $'dir\nmem'
}

@test "export and import carry files, owners and modes over" {
    ctl run --rm -v a:/x "$IMG" sh -c 'mkdir /x/d; echo text >/x/d/f; chmod 640 /x/d/f; chown 1000:1000 /x/d/f; ln -s f /x/d/l'
    ctl volume export a -o a.tar
    ctl volume create b >/dev/null
    ctl volume import b a.tar
    run_ctl run --rm -v b:/x "$IMG" sh -c 'cat /x/d/l; stat -c "%u:%g %a" /x/d/f'
    equals "$output" $'text\n1000:1000 640'
    ctl volume export a | ctl volume import b -
    fails_with 1 "no volume" volume import none a.tar
    fails_with 1 "no volume" volume export none -o none.tar
    [ ! -e none.tar ]
}

@test "importing an archive does not lead out of the volume" {
    mkdir canary
    python3 - <<-END
		import io, tarfile
		with tarfile.open("evil.tar", "w") as tar:
		    link = tarfile.TarInfo("out"); link.type = tarfile.SYMTYPE; link.linkname = "$T/canary"; tar.addfile(link)
		    for name in ("out/x", "../../../x", "$T/canary/y"):
		        info = tarfile.TarInfo(name); info.size = 1; tar.addfile(info, io.BytesIO(b"x"))
	END
    ctl volume create a >/dev/null
    run_ctl volume import a evil.tar
    equals "$(ls canary)" ""
    [ ! -e "$XDG_DATA_HOME/ctl/x" ] && [ ! -e "$XDG_DATA_HOME/ctl/volumes/x" ]
}

@test "mount tells the directory" {
    ctl run --rm -v a:/x "$IMG" sh -c 'echo text >/x/f'
    equals "$(cat "$(ctl volume mount a)/f")" text
    equals "$(ctl volume unmount a)" a
}

@test "making and removing a volume at the same time ends in one or the other" {
    for _ in $(seq 8); do
        ctl create --name c -v racy:/x "$IMG" true >/dev/null 3>&- 4>&- &
        creating=$!
        ctl volume rm racy >/dev/null 2>&1 || true
        wait "$creating"
        # The container exists, so its volume does.
        ctl volume exists racy
        ctl start -a c
        ctl rm c >/dev/null
        ctl volume rm racy >/dev/null
    done
}

@test "a volume with an owner of its own keeps it, also when it is filled from the image" {
    ctl volume create -o o=uid=5,gid=6 empty
    equals "$(ctl run --rm --network=none -v empty:/x "$IMG" stat -c %u:%g /x)" 5:6
    ctl volume create -o o=uid=7 filled
    equals "$(ctl run --rm --network=none -v filled:/etc "$IMG" stat -c %u:%g /etc /etc/passwd | tr '\n' ' ')" "7:0 0:0 "
    equals "$(ctl volume inspect -f '{{.Options.o}}' filled)" uid=7
    fails_with 125 'option "uid=x": a number is needed' volume create -o o=uid=x v
    fails_with 125 'option "size=10M" without a type: uid=N and gid=N are known there (no ordinary user can set a limit' volume create -o o=size=10M v
    fails_with 125 "Invalid argument" volume create -o o=uid=4000000 v # nobody here
    equals "$(ctl volume ls -q | xargs)" "empty filled"
    equals "$(ls "$XDG_DATA_HOME/ctl/tmp")" ""
}

@test "volume reload has no plugins to ask" {
    run_ctl volume reload
    equals "$status$output$stderr" 0
    fails_with 125 "" volume reload x
}
