# Options of run about the process, its users and names, and about files and signals by which others follow the container.
load helper
setup() { setup_busybox; }

@test "a container can tell that it is one" {
    run_ctl run --rm "$IMG" sh -c 'echo $container; cat /run/.containerenv; test -f /run/.containerenv && echo there'
    equals "$output" $'podman\nthere'
    run_ctl run --rm --privileged --name told "$IMG" cat /run/.containerenv
    contains "$output" 'name="told"'
    contains "$output" rootless=1
}

@test "the caller's proxies are passed on, and --http-proxy=false keeps them" {
    export https_proxy=http://proxy.example
    run_ctl run --rm "$IMG" sh -c 'echo "[$https_proxy]"'
    equals "$output" "[http://proxy.example]"
    run_ctl run --rm --http-proxy=false "$IMG" sh -c 'echo "[$https_proxy]"'
    equals "$output" "[]"
}

@test "--env-merge builds on the image's value, --unsetenv takes one away" {
    run_ctl run --rm --env-merge 'FLAVOUR=very ${FLAVOUR}' --unsetenv container "$IMG" sh -c 'echo "$FLAVOUR [$container]"'
    equals "$output" "very plain []"
}

@test "--umask, --ulimit and --oom-score-adj hold in the process, also with exec" {
    ctl run -d --name tuned --umask 077 --ulimit nofile=100:200 --oom-score-adj 500 "$IMG" sleep 100
    run_ctl exec tuned sh -c 'umask; ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj'
    equals "$output" $'0077\n100\n200\n500'
}

@test "a limit or a score that only root may have is refused with the reason" {
    fails_with 125 "ordinary user cannot go below" run --rm --oom-score-adj -900 "$IMG" true
    if [ "$(ulimit -Hn)" != unlimited ]; then fails_with 125 "your own hard limit" run --rm --ulimit nofile=1073741824 "$IMG" true; fi
}

@test "--sysctl sets what belongs to the container and refuses what does not" {
    run_ctl run --rm --sysctl net.ipv4.ip_forward=1 --sysctl kernel.domainname=lan "$IMG" \
        cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/domainname
    equals "$output" $'1\nlan'
    fails_with 125 "whole machine's" run --rm --sysctl vm.swappiness=1 "$IMG" true
    fails_with 125 "which the container shares" run --rm --network=host --sysctl net.ipv4.ip_forward=1 "$IMG" true
}

@test "--shm-size is the size of /dev/shm" {
    run_ctl run --rm --shm-size 3m "$IMG" sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
    equals "$output" 3072
}

@test "--personality makes an old machine of it" {
    [ "$(uname -m)" = x86_64 ] || skip "uname tells another name here"
    run_ctl run --rm --personality LINUX32 "$IMG" uname -m
    equals "$output" i686
}

@test "exec as another user has the container's --group-add too" {
    ctl run -d --name g --group-add mates,55 "$IMG" sleep 1000 >/dev/null
    contains "$(ctl exec -u 1234 g id -G)" 55
    equals "$(ctl exec -u 1234:1234 g id -G | wc -w)" 3
}

@test "options that mean nothing here are taken for scripts' sake" {
    ctl run --name c --disable-content-trust --no-healthcheck "$IMG" true
    ctl container exists --external c
    run_ctl container exists --external none
    equals "$status" 1
}

@test "--group-add takes names of the image and numbers" {
    run_ctl run --rm --group-add mates,55 "$IMG" id -G
    contains " $output " " 55 "
    contains " $output " " 2001 "
    fails_with 125 "no group" run --rm --group-add nobodys "$IMG" true
}

@test "a user that the image does not know gets an entry once, and --passwd=false none" {
    ctl run --name whoever -u 4321:8765 "$IMG" true
    ctl start -a whoever
    run_ctl start -a whoever
    equals "$status" 0
    ctl run -d --name looker -u 4321:8765 "$IMG" sleep 100
    run_ctl exec -u root looker sh -c 'grep -c 4321 /etc/passwd; tail -1 /etc/passwd; tail -1 /etc/group'
    equals "$output" $'1\n4321:*:4321:8765:container user:/:/bin/sh\n8765:x:8765:4321'
    run_ctl run --rm -u 4321 --passwd=false "$IMG" grep 4321 /etc/passwd
    equals "$status" 1
}

@test "the passwd file stays one that programs in the container can replace" {
    ctl run -d --name mover -u 4321 "$IMG" sleep 100
    run_ctl exec -u root mover sh -c 'cp /etc/passwd /etc/passwd+ && mv /etc/passwd+ /etc/passwd && grep -c 4321 /etc/passwd'
    equals "$output" 1
}

@test "--passwd-entry and --hostuser write the entries one wants" {
    run_ctl run --rm -u 4321 --passwd-entry 'me:*:$UID:$GID:me:/home/me:/bin/x' --hostuser root "$IMG" tail -1 /etc/passwd
    equals "$output" "me:*:4321:0:me:/home/me:/bin/x"
    fails_with 125 "no such user" run --rm --hostuser no-such-user-here "$IMG" true
}

@test "--add-host and --hosts-file make /etc/hosts, --no-hosts leaves it to the image" {
    echo "192.0.2.1 fromfile" >base
    run_ctl run --rm --hosts-file base --add-host 'one;two:192.0.2.2' --hostname box "$IMG" cat /etc/hosts
    contains "$output" $'192.0.2.1\tfromfile'
    contains "$output" $'192.0.2.2\tone two'
    contains "$output" $'10.88.0.2\tbox'
    run_ctl run --rm --no-hosts --no-hostname "$IMG" ls /etc/hosts /etc/hostname
    equals "$status" 1
}

@test "host-gateway is this machine where there is a way to it" {
    run_ctl run --rm --network=host --add-host gate:host-gateway "$IMG" cat /etc/hosts
    contains "$output" $'127.0.0.1\tgate'
    contains "$output" host.containers.internal
    contains "$(ctl run --rm --add-host gate:host-gateway "$IMG" cat /etc/hosts)" $'169.254.1.2\tgate'
    fails_with 125 "no way to this machine" run --rm --network=none --add-host gate:host-gateway "$IMG" true
}

@test "--dns and its like make /etc/resolv.conf" {
    run_ctl run --rm --dns 192.0.2.53 --dns-search lan --dns-option ndots:2 "$IMG" cat /etc/resolv.conf
    contains "$output" "nameserver 192.0.2.53"
    contains "$output" "search lan"
    contains "$output" "options ndots:2"
    fails_with 125 "not an IP address" run --rm --dns example.org "$IMG" true
}

@test "--tz sets the local time" {
    [ -f /usr/share/zoneinfo/Asia/Tokyo ] || skip "no time zones on this machine"
    run_ctl run --rm --tz Asia/Tokyo "$IMG" date +%z
    equals "$output" +0900
    fails_with 125 "no such time zone" run --rm --tz Asia/Atlantis "$IMG" true
}

@test "--cidfile, --pidfile and --conmon-pidfile are written, and a cidfile is never shared" {
    ctl run -d --name filed --cidfile cid --pidfile pid --conmon-pidfile monitor "$IMG" sleep 100 >id
    equals "$(cat cid)" "$(cat id)"
    equals "$(cat pid)" "$(ctl inspect --format '{{.State.Pid}}' filed)"
    contains "$(tr '\0' ' ' <"/proc/$(cat monitor)/cmdline")" "monitor filed"
    fails_with 125 "is there already" run --rm --cidfile cid "$IMG" true
    run_ctl run --rm --cidfile other "$IMG-no-such" true
    [ ! -e other ]
}

@test "--replace takes the place of a running container, by its name only" {
    id=$(ctl run -d --name seat "$IMG" sleep 100)
    ctl run -d --name seat --replace "$IMG" sleep 100 >new
    [ "$(cat new)" != "$id" ]
    equals "$(ctl ps --quiet --no-trunc)" "$(cat new)"
    ctl run --rm --replace --name "$(head -c 12 new)" "$IMG" true
    equals "$(ctl ps --quiet --no-trunc)" "$(cat new)"
    fails_with 125 "needs --name" run --rm --replace "$IMG" true
}

@test "--timeout ends a container that runs for too long" {
    run_ctl run --rm --timeout 1 "$IMG" sleep 100
    equals "$status" 137
}

@test "--preserve-fds keeps the caller's descriptors, and only those that are there" {
    run --separate-stderr bash -c 'exec 3<<<three 4<<<four; "$CTL" run --rm --preserve-fds 2 "$0" sh -c "cat <&3; cat <&4"' "$IMG"
    equals "$output" $'three\nfour'
    ctl run -d --name kept "$IMG" sleep 100
    run --separate-stderr bash -c 'exec 7<<<seven; "$CTL" exec --preserve-fd 7 kept sh -c "cat <&7"'
    equals "$output" seven
    run --separate-stderr bash -c 'exec 3<&- 4<&-; "$CTL" run --rm --preserve-fd 250 "$0" true' "$IMG"
    equals "$status" 125
    contains "$stderr" "no open descriptor"
}

@test "-a attaches to the named streams only" {
    run_ctl run --rm -a stdout "$IMG" sh -c 'echo out; echo err >&2'
    equals "$output" out
    equals "$stderr" ""
    run_ctl run --rm -a stderr "$IMG" sh -c 'echo out; echo err >&2'
    equals "$output" ""
    equals "$stderr" err
}

@test "labels come from files too, and the command line's win" {
    printf '# comment\na=file\nb=file\n' >labels
    ctl create --name labelled --label-file labels --label b=line "$IMG" true
    run_ctl inspect --format '{{json .Config.Labels}}' labelled
    contains "$output" '"a":"file","b":"line"'
}

@test "--rmi with --detach takes the image away when the container ends" {
    ctl run -d --name x --rmi "$IMG" sleep 1000 >/dev/null
    equals "$(ctl inspect --format '{{.HostConfig.AutoRemoveImage}}' x)" true
    ctl stop -t 0 x
    eventually bash -c '[ -z "$("$CTL" images -q)" ]'
}

@test "--rmi takes the image away with the container" {
    run_ctl run --rmi "$IMG" true
    equals "$status" 0
    equals "$(ctl images --quiet)" ""
}

@test "a platform that the local image is not made for does not do" {
    other=arm64; [ "$(uname -m)" = x86_64 ] || other=amd64
    fails_with 125 "is not here for linux/$other" run --rm --pull never --platform "linux/$other" "$IMG" true
}
