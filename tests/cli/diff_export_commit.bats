# diff, export, commit: what a container has changed, as a list, as an archive, as an image.
load helper
setup() {
    setup_busybox
    ctl run -d --name box -v vol:/vol "$IMG" sleep 1000 >/dev/null
}

@test "diff tells what was added, changed and deleted, and nothing the engine made" {
    equals "$(ctl diff box)" "A /vol" # what every container has mounted on it left no trace
    ctl exec box sh -c 'echo new >/etc/new; chmod 600 /etc/group; rm -r /home/app; rm /data/seed; echo in >/vol/in; mkdir -p /deep/er'
    equals "$(ctl diff box)" "$(printf '%s\n' 'C /data' 'D /data/seed' 'A /deep' 'A /deep/er' 'C /etc' 'C /etc/group' 'A /etc/new' 'C /home' 'D /home/app' 'A /vol')"
}

@test "diff sees through a directory that was replaced" {
    ctl exec box sh -c 'rm -r /home; mkdir /home; touch /home/new; rm -r /data; touch /data'
    run_ctl diff box
    contains "$output" $'C /data\n'
    contains "$output" $'C /home\nD /home/app\nA /home/new'
    lacks "$output" seed
}

@test "diff as json, of images, and of two objects" {
    ctl exec box rm /data/seed
    equals "$(ctl diff --format json box | jq -c '[.deleted, .added]')" '[["/data/seed"],["/vol"]]'
    contains "$(ctl diff "$IMG")" "A /data/seed"
    equals "$(ctl diff "$IMG" "$IMG")" ""
    ctl commit -q box two >/dev/null
    equals "$(ctl diff two "$IMG" | grep data)" $'C /data\nD /data/seed'
    equals "$(ctl diff "$IMG" two | grep data)" $'C /data\nA /data/seed'
    fails_with 125 "no container or image" diff nothing
    fails_with 125 "only json" diff --format table box
}

@test "export writes the container's own files, owners and links included" {
    ctl exec box sh -c 'echo out >/vol/out; echo x >/a; ln /a /b; ln -s a /c; chown 1000:2000 /a; rm /data/seed'
    ctl export box >box.tar
    run tar tvf box.tar --numeric-owner
    contains "$output" "1000/2000"
    contains "$output" " b link to a"
    contains "$output" " c -> a"
    lacks "$output" vol/out
    lacks "$output" data/seed
    contains "$output" bin/busybox
    ctl kill box
    ctl export --output again.tar box
    equals "$(tar xf again.tar --to-stdout a)" x
}

@test "export does not write to a terminal, and leaves no half of an archive" {
    run script -qec "$CTL export box" /dev/null
    contains "$output" "refusing to write an archive to a terminal"
    run_ctl export -o out.tar nobody
    equals "$status" 125
    [ ! -e out.tar ]
    run bash -c 'ulimit -f 100; "$CTL" export -o out.tar box'
    [ "$status" -ne 0 ]
}

@test "an exported archive makes an image that runs" {
    ctl exec box sh -c 'echo kept >/kept'
    mkdir root
    ctl export box | tar x -C root --exclude=dev
    equals "$(cat root/kept)" kept
    equals "$(readlink root/bin/sh)" busybox
}

@test "commit makes an image with the container's files, at once and while it runs" {
    ctl exec box sh -c 'echo kept >/kept; rm -r /home/app; chown 1000 /kept; mkdir /data/sub; echo in >/vol/in'
    id=$(ctl commit -q box mine)
    equals "$(ctl run --rm mine sh -c 'cat /kept; stat -c %u /kept; ls /home /vol; ls /data')" $'kept\n1000\n/home:\n\n/vol:\nseed\nsub'
    equals "$(ctl images -q --no-trunc mine | sed s/sha256://)" "$id"
    equals "$(ctl exec box cat /vol/in)" in
}

@test "commit --pause holds a running container meanwhile" {
    ctl run -d --name held "$IMG" sleep 1000 >/dev/null
    ctl commit -q --pause held mine >/dev/null
    equals "$(state_of held)" running
    equals "$(ctl events --stream=false --filter container=held --format '{{.Status}}' | xargs)" "create init start pause commit unpause"
    ctl stop -t 0 held
    ctl commit -q --pause held mine >/dev/null
}

@test "commit of a commit stacks, and --squash makes one layer" {
    ctl exec box sh -c 'echo 1 >/one'
    ctl commit -q box first >/dev/null
    ctl run --name next first sh -c 'echo 2 >/two; rm /data/seed'
    ctl commit -q next second >/dev/null
    ctl commit -q --squash next flat >/dev/null
    for image in second flat; do
        equals "$(ctl run --rm $image sh -c 'cat /one /two; ls /data')" $'1\n2'
    done
    equals "$(ctl inspect -t image -f '{{json .RootFS.Layers}}' flat | jq length)" 1
    equals "$(ctl inspect -t image -f '{{json .RootFS.Layers}}' second | jq length)" 3
}

@test "commit --change, --author, --message, --config, --iidfile" {
    echo '{"StopSignal": "SIGQUIT"}' >config.json
    ctl commit -q -a Me -m "a remark" -c 'CMD ["echo","from","cmd"]' -c 'ENV NEW=1 OTHER="two words"' -c 'LABEL=a=b' -c 'EXPOSE 80' \
        -c 'WORKDIR /home' -c 'USER app' -c 'VOLUME /extra' --config config.json --iidfile id box changed >out
    equals "$(cat id)" "sha256:$(cat out)"
    equals "$(ctl run --rm changed)" "from cmd"
    equals "$(ctl run --rm changed sh -c 'echo $NEW $OTHER; pwd; id -un')" $'1 two words\n/home\napp'
    run_ctl inspect -t image changed
    contains "$output" '"a": "b"'
    contains "$output" '80/tcp'
    contains "$output" SIGQUIT
    contains "$output" '"Author": "Me"'
    fails_with 125 "--change \"FROM x\"" commit -q -c 'FROM x' box
}

@test "a committed image has the command and the environment of its container" {
    ctl create --name c -e MINE=yes --entrypoint echo "$IMG" hello >/dev/null
    ctl commit -q c again >/dev/null
    equals "$(ctl run --rm again)" hello
    equals "$(ctl run --rm --entrypoint env again | grep MINE)" MINE=yes
    run_ctl inspect -t image -f '{{json .Config.Env}}' again
    lacks "$output" HOSTNAME
}

@test "commit keeps whiteouts, hard links, holes and attributes" {
    ctl exec box sh -c 'rm -r /home; mkdir /home; echo x >/a; ln /a /b; dd if=/dev/zero of=/hole bs=1 count=0 seek=30000000 2>/dev/null; mkdir -m 1777 /sticky'
    ctl commit -q -f docker box kept >/dev/null
    run_ctl run --rm kept sh -c 'ls -A /home; stat -c %h /a; stat -c %s /hole; stat -c %a /sticky; [ $(stat -c %b /hole) -lt 100 ] && echo sparse'
    equals "$output" $'2\n30000000\n1777\nsparse'
    contains "$(ctl diff kept)" "D /home/app"
}

@test "a container that renames and replaces during export and commit gives away nothing of the host" {
    # Row D3 of security.md.
    mkdir canary
    echo canary-7f3a >canary/file
    ctl exec -d box sh -c "mkdir /flip; cd /flip; mkdir x; echo inside >x/file; ln -s $T/canary y; while :; do mv x z; mv y x; mv x y; mv z x; done"
    eventually ctl exec box test -L /flip/y
    for i in $(seq 10); do
        "$CTL" export box >"out$i.tar" || true
        "$CTL" commit -q box "image$i" >/dev/null || true
        "$CTL" diff box >/dev/null || true
    done
    run grep -l canary-7f3a out*.tar
    equals "$output" ""
    [ -s out1.tar ]
    run bash -c 'grep -rl canary-7f3a "$XDG_DATA_HOME/ctl/layers" 2>/dev/null'
    equals "$output" ""
}

@test "diff and export of a tree with more levels than there are descriptors" {
    ctl create --name deep "$IMG" true
    upper=$XDG_DATA_HOME/ctl/containers/$(ctl inspect --format '{{.Id}}' deep)/upper
    unshare --user --map-root-user --map-auto python3 - "$upper" <<'END'
import os, sys
os.chdir(sys.argv[1])
for _ in range(3000):
    os.mkdir("d")
    os.mkdir("e")  # looked at on the way back
    os.chdir("d")
END
    ulimit -n 600
    equals "$(ctl diff deep | wc -l)" 6000
    equals "$(ctl diff deep | sort -u | wc -l)" 6000
    equals "$(ctl export deep | tar t | grep -cE '^(d/)*(d|e)/$')" 6000
}
