# What the first process of a container is given: environment, directory, user, host name, files in /etc.
load helper
setup() { setup_busybox; }

@test "the image's environment and the user's are there" {
    run_ctl run --rm -e MINE=yes "$IMG" env
    contains "$output" FLAVOUR=plain
    contains "$output" MINE=yes
    contains "$output" PATH=/bin
}

@test "-e replaces the image's value" {
    run_ctl run --rm -e FLAVOUR=salted "$IMG" sh -c 'echo $FLAVOUR'
    equals "$output" salted
}

@test "-e NAME passes the caller's value on, and nothing when there is none" {
    export CALLERS=value
    run_ctl run --rm -e CALLERS -e NOBODYS "$IMG" env
    contains "$output" CALLERS=value
    lacks "$output" NOBODYS
}

@test "the caller's environment is not passed on unasked" {
    export SECRET_TOKEN=hidden
    run_ctl run --rm "$IMG" env
    lacks "$output" hidden
}

@test "files of variables, labels and syscalls may be pipes" {
    equals "$(ctl run --rm --env-file <(echo A=b) "$IMG" sh -c 'echo $A')" b
    equals "$(echo A=c | ctl run --rm --env-file /dev/stdin "$IMG" sh -c 'echo $A')" c
    equals "$(ctl inspect -f '{{.Config.Labels.l}}' "$(ctl create --label-file <(echo l=1) "$IMG" true)")" 1
    run_ctl run --rm --security-opt seccomp=<(echo '{"defaultAction":"SCMP_ACT_ALLOW"}') "$IMG" grep Seccomp: /proc/self/status
    contains "$output" 2
    run_ctl run --rm --env-file "$T" "$IMG" true
    equals "$status" 125
    contains "$stderr" "--env-file"
}

@test "--env-file reads NAME=VALUE lines and skips comments" {
    printf '# a comment\nONE=1\nTWO=two words\n' >vars
    run_ctl run --rm --env-file vars "$IMG" env
    contains "$output" ONE=1
    contains "$output" "TWO=two words"
    lacks "$output" comment
}

@test "HOME follows the user, and root's is /root" {
    run_ctl run --rm "$IMG" sh -c 'echo $HOME'
    equals "$output" /root
    run_ctl run --rm -u app "$IMG" sh -c 'echo $HOME'
    equals "$output" /home/app
}

@test "-w sets the working directory" {
    run_ctl run --rm -w /home/app "$IMG" pwd
    equals "$output" /home/app
}

@test "-w with a directory that is not there is an error that names it" {
    run_ctl run --rm -w /not/there "$IMG" pwd
    [ "$status" -ne 0 ]
    contains "$stderr" /not/there
}

@test "the default user is root, in the container only" {
    run_ctl run --rm "$IMG" id
    contains "$output" "uid=0(root) gid=0(root)"
    ctl run -d --name who "$IMG" sleep 100
    equals "$(stat -c %u "/proc/$(ctl inspect --format '{{.State.Pid}}' who)")" "$(id -u)"
}

@test "-u takes a name of the image, with its supplementary groups" {
    run_ctl run --rm -u app "$IMG" id
    contains "$output" "uid=1000(app) gid=1000(app)"
    contains "$output" "2000(crew)"
    contains "$output" "2001(mates)"
}

@test "-u takes numbers that no one has" {
    run_ctl run --rm -u 4242:4343 "$IMG" sh -c 'id -u; id -g'
    equals "$output" $'4242\n4343'
}

@test "-u with a group by name" {
    run_ctl run --rm -u app:crew "$IMG" id -g
    equals "$output" 2000
}

@test "-u with a name that the image does not know is an error" {
    fails_with 125 nobody-here run --rm -u nobody-here "$IMG" true
}

@test "the host name is the id's start, or what --hostname says" {
    ctl run --name h "$IMG" hostname >out
    equals "$(cat out)" "$(ctl inspect --format '{{.Id}}' h | cut -c1-12)"
    run_ctl run --rm --hostname server.example "$IMG" sh -c 'hostname; cat /etc/hostname'
    equals "$output" $'server.example\nserver.example'
}

@test "/etc/hosts knows localhost and the container's own name" {
    run_ctl run --rm --hostname thishost "$IMG" cat /etc/hosts
    contains "$output" "127.0.0.1"
    contains "$output" localhost
    contains "$output" thishost
}

@test "/etc/resolv.conf is there and names no other search path than the host's" {
    run_ctl run --rm "$IMG" cat /etc/resolv.conf
    equals "$status" 0
    ctl run --rm "$IMG" sh -c 'echo "# edited" >>/etc/resolv.conf'
}

@test "process 1 is the command itself" {
    run_ctl run --rm "$IMG" sh -c 'echo $$'
    equals "$output" 1
}

@test "--init puts a reaper in front of the command" {
    run_ctl run --rm --init "$IMG" sh -c 'echo $$; (sleep 0.1 & ) ; sleep 0.5; grep -l "State:.Z" /proc/[0-9]*/status'
    lacks "${lines[0]}" " 1"
    [ "${lines[0]}" != 1 ]
    equals "${#lines[@]}" 1
}

@test "/dev has the usual nodes and no others of the host" {
    run_ctl run --rm "$IMG" sh -c 'for n in null zero full random urandom tty; do [ -c /dev/$n ] || echo no $n; done; ls /dev'
    lacks "$output" "no "
    lacks "$output" sda
    lacks "$output" kmsg
    contains "$output" pts
    contains "$output" shm
    contains "$output" mqueue
}

@test "/dev/null swallows and /dev/full is full" {
    run_ctl run --rm "$IMG" sh -c 'echo x >/dev/null && echo y 2>/dev/null >/dev/full || echo full'
    equals "$output" full
}

@test "standard output can be opened again by path, as web servers do" {
    run_ctl run --rm "$IMG" sh -c 'echo via-path >/dev/stdout'
    equals "$output" via-path
}
