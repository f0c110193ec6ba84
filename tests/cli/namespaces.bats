# --pid, --ipc, --uts, --network and --cgroupns: private, host, another container's, one at a path.
load helper
setup() { setup_busybox; }

# ns KIND [ctl run's options]: the number of that namespace of a new container's process.
ns() { local kind=$1; shift; ctl run --rm "$@" "$IMG" stat -L -c %i "/proc/self/ns/$kind"; }
host_ns() { stat -L -c %i "/proc/self/ns/$1"; }
# Of a running container: ns_of NAME KIND.
ns_of() { ctl exec "$1" stat -L -c %i "/proc/self/ns/$2"; }
holder() { ctl run -d --name "$@" "$IMG" sleep 1000 >/dev/null; }

@test "each namespace is the container's own by default" {
    for kind in pid ipc uts net cgroup user mnt; do [ "$(ns $kind)" != "$(host_ns $kind)" ] || return 1; done
}

@test "each namespace can be the host's" {
    equals "$(ns pid --pid host)" "$(host_ns pid)"
    equals "$(ns ipc --ipc host)" "$(host_ns ipc)"
    equals "$(ns uts --uts host)" "$(host_ns uts)"
    equals "$(ns net --network host)" "$(host_ns net)"
    equals "$(ns cgroup --cgroupns host)" "$(host_ns cgroup)"
    [ "$(ns user --pid host --ipc host --uts host --network host)" != "$(host_ns user)" ]
}

@test "--pid host sees the host's processes and looks into none" {
    run_ctl run --rm --pid host "$IMG" sh -c "cat /proc/$$/comm; cat /proc/$$/environ /proc/$$/maps; ls /proc/$$/root/; readlink -f /proc/$$/fd/0; true"
    equals "${lines[0]}" "$(cat /proc/$$/comm)"
    equals "${#lines[@]}" 1
    lacks "$(ctl run --rm "$IMG" ps)" bats
}

@test "--pid host keeps masked and read-only paths" {
    run_ctl run --rm --pid host "$IMG" sh -c 'cat /proc/timer_list | wc -c; echo x >/proc/sys/kernel/core_pattern || echo refused'
    equals "${lines[-1]}" refused
    equals "${lines[0]}" 0
}

@test "what a container with the host's processes leaves behind ends with it" {
    ctl run --rm --pid host --name box "$IMG" sh -c 'sleep 4711 & sleep 0.1'
    ! pgrep -f 'sleep 4711'
}

@test "--uts host has the host's name, which cannot be set" {
    equals "$(ctl run --rm --uts host "$IMG" hostname)" "$(hostname)"
    fails_with 125 "--hostname" run --uts host --hostname x "$IMG" true
}

@test "--cgroupns host shows the host's control groups, read-only" {
    [ -d /sys/fs/cgroup ] || skip "no control groups here"
    run_ctl run --rm --cgroupns host "$IMG" sh -c 'ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/x 2>&1'
    equals "$status" 1
    contains "$output" "Read-only"
}

@test "--ipc none has no /dev/shm, and nobody may join it" {
    holder box --ipc none
    run_ctl exec box ls -d /dev/shm
    [ "$status" -ne 0 ]
    fails_with 125 "not to be shared" run --ipc container:box "$IMG" true
}

@test "--ipc private is not to be joined either" {
    holder box --ipc private
    fails_with 125 "make it with --ipc=shareable" run --ipc container:box "$IMG" true
}

@test "containers that share --ipc have one /dev/shm, others have their own" {
    holder box
    ctl exec box sh -c 'echo shared >/dev/shm/file'
    equals "$(ctl run --rm --ipc container:box "$IMG" cat /dev/shm/file)" shared
    equals "$(ns ipc --ipc container:box)" "$(ns_of box ipc)"
    run_ctl run --rm "$IMG" cat /dev/shm/file
    [ "$status" -ne 0 ]
}

@test "containers that share --network have one loopback, its names, and its low ports" {
    holder web
    ctl exec -d web sh -c 'mkdir /w; echo served >/w/index.html; exec httpd -f -p 127.0.0.1:80 -h /w'
    eventually ctl run --rm --network container:web "$IMG" wget -qO- http://127.0.0.1/
    equals "$(ctl run --rm --network container:web "$IMG" cat /etc/hosts)" "$(ctl exec web cat /etc/hosts)"
    ctl run --rm --network container:web "$IMG" sh -c 'nc -l -p 81 & sleep 0.2; netstat -ltn' | grep -q ':81 '
    run_ctl run --rm "$IMG" wget -qO- http://127.0.0.1/
    [ "$status" -ne 0 ]
}

@test "a port is published on the network's owner, not on who joins it" {
    holder web
    fails_with 125 "publish them on that container" run -p 8080:80 --network container:web "$IMG" true
}

@test "--pid container sees that container's processes and ends with it" {
    holder box
    contains "$(ctl run --rm --pid container:box "$IMG" ps)" "sleep 1000"
    lacks "$(ctl run --rm "$IMG" ps)" "sleep 1000"
    ctl run -d --name guest --pid container:box "$IMG" sleep 2000 >/dev/null
    contains "$(ctl exec box ps)" "sleep 2000"
    ctl stop -t 0 box >/dev/null
    equals "$(ctl wait guest)" 137
}

@test "in a shared pid namespace the monitors are not to be seen" {
    holder box
    ctl run -d --name guest --pid container:box "$IMG" sleep 2000 >/dev/null
    run_ctl exec guest sh -c 'cat /proc/[0-9]*/cmdline | tr "\0" "\n"'
    contains "$output" 2000
    lacks "$output" "ctl: monitor"
}

@test "a container that shares namespaces has no descriptors of theirs" {
    holder box
    run_ctl run --rm --pid container:box --ipc container:box --network container:box "$IMG" ls /proc/self/fd
    equals "$output" $'0\n1\n2\n3' # the last one is ls looking
}

@test "exec joins the namespaces that a container shares" {
    holder box
    ctl run -d --name guest --network container:box --uts container:box --pid host "$IMG" sleep 2000 >/dev/null
    equals "$(ns_of guest net)" "$(ns_of box net)"
    equals "$(ns_of guest uts)" "$(ns_of box uts)"
    equals "$(ns_of guest pid)" "$(host_ns pid)"
    equals "$(ctl exec guest hostname)" "$(ctl exec box hostname)"
}

@test "sharing goes through a third container to the one that has the namespace" {
    holder box
    holder middle --network container:box
    equals "$(ns net --network container:middle)" "$(ns_of box net)"
    holder open --network host
    equals "$(ns net --network container:open)" "$(host_ns net)"
}

@test "a container to share with must exist, and is started where it does not run" {
    fails_with 125 "no container with name or id" run --network container:nobody "$IMG" true
    ctl create --name box "$IMG" sleep 1000 >/dev/null
    ctl create --name guest --network container:box "$IMG" stat -L -c %i /proc/self/ns/net >/dev/null
    local seen
    seen=$(ctl start -a guest)
    equals "$seen" "$(ns_of box net)"
    ctl stop -t 0 box >/dev/null
    ctl run --rm --network container:box "$IMG" true
    equals "$(state_of box)" running
}

@test "a container whose namespaces others are in is not removed without them, nor ended for it" {
    local kind
    for kind in pid ipc network userns uts cgroupns; do
        holder box
        ctl create --name guest --$kind container:box "$IMG" true >/dev/null
        fails_with 125 "container box is required by guest" rm -f -t 0 box
        equals "$(state_of box)" running
        fails_with 2 "container box is running" rm box
        ctl stop -t 0 box >/dev/null # that is not refused, as with Podman
        fails_with 125 "container box is required by guest" rm box
        ctl rm --depend box >/dev/null
        equals "$(ctl ps -aq)" ""
    done
}

@test "namespaces of two containers that have nothing in common cannot be joined together" {
    holder one
    holder two
    fails_with 125 "belong to different user namespaces" run --network container:one --ipc container:two "$IMG" true
}

@test "--network ns:PATH joins a namespace by its path" {
    local pid
    holder box
    pid=$(ctl inspect --format '{{.State.Pid}}' box)
    equals "$(ns net --network "ns:/proc/$pid/ns/net")" "$(ns_of box net)"
}

@test "a namespace whose owner has fewer ids than the container is refused" {
    unshare --user --map-root-user --net sh -c 'echo ready; exec sleep 1000' >"$T/ready" &
    local maker=$!
    eventually grep -q ready "$T/ready"
    run_ctl run --rm --network "ns:/proc/$maker/ns/net" "$IMG" true
    kill "$maker"
    equals "$status" 125
    contains "$stderr" "which the user namespace around it does not have"
}

@test "ns:PATH takes namespaces of that kind only, and only the user's own" {
    fails_with 125 "is no net namespace" run --network "ns:$HOME" "$IMG" true
    fails_with 125 "is no ipc namespace" run --ipc ns:/proc/self/ns/net "$IMG" true
    fails_with 125 "absolute path" run --network ns:relative "$IMG" true
}

@test "--init needs process 1 for itself" {
    fails_with 125 "--init" run --init --pid host "$IMG" true
}
