# containers.conf: defaults from files, and what is said about files that are wrong.
load helper
setup() { setup_busybox; export XDG_CONFIG_HOME=$T/config; unset CONTAINERS_CONF; }

conf() { mkdir -p "$T/config/containers"; cat >"$T/config/containers/containers.conf"; }

@test "the user's file gives defaults, and the command line beats them" {
    conf <<'C'
[containers]
env = ["FROM_FILE=yes", "FLAVOUR=conf"]
umask = "0077"
default_ulimits = ["nofile=64:128"]
dns_servers = ["192.0.2.53"]
annotations = ["who=file"]
C
    run_ctl run --rm "$IMG" sh -c 'echo $FROM_FILE $FLAVOUR; umask; ulimit -n; cat /etc/resolv.conf'
    contains "$output" $'yes plain\n0077\n64'
    contains "$output" "nameserver 192.0.2.53"
    run_ctl run --rm --umask 022 --ulimit nofile=32 "$IMG" sh -c 'umask; ulimit -n'
    equals "$output" $'0022\n32'
}

@test "an error about a default names the file and the key" {
    echo '[containers]
umask = "9"' | conf
    fails_with 125 "$T/config/containers/containers.conf: containers.umask: --umask 9" run --rm "$IMG" true
}

@test "a file that is malformed names the line" {
    printf '[containers]\n\ntz = \n' | conf
    fails_with 125 "containers.conf line 3: " run --rm "$IMG" true
    run_ctl ps
    equals "$status" 0
}

@test "a key without effect warns once" {
    echo '[engine]
num_locks = 64' | conf
    run_ctl run --rm "$IMG" true
    equals "$status" 0
    contains "$stderr" "engine.num_locks: has no effect"
    run_ctl run --rm "$IMG" true
    equals "$stderr" ""
}

@test "CONTAINERS_CONF, its override and modules" {
    echo '[containers]
tz = "Nowhere/At_all"' | conf
    printf '[containers]\numask = "0070"\n' >one
    printf '[containers]\numask = "0007"\n' >two
    CONTAINERS_CONF=one run_ctl run --rm "$IMG" sh -c umask
    equals "$output" 0070
    CONTAINERS_CONF=one CONTAINERS_CONF_OVERRIDE=two run_ctl run --rm "$IMG" sh -c umask
    equals "$output" 0007
    mkdir -p config/containers/containers.conf.modules
    printf '[containers]\ntz = ""\numask = "0001"\n' >config/containers/containers.conf.modules/m.conf
    run_ctl --module m.conf run --rm "$IMG" sh -c umask
    equals "$output" 0001
    fails_with 125 "--module nothing: there is no such file" --module nothing ps
}

@test "a limit of the file that cannot be held is an error with the file's name" {
    ! ctl run --rm --pids-limit 100 "$IMG" true 2>/dev/null || skip "limits can be enforced here"
    echo '[containers]
pids_limit = 100' | conf
    fails_with 125 "containers.conf: containers.pids_limit: --pids-limit cannot be enforced" run --rm "$IMG" true
    run_ctl run --rm --pids-limit -1 "$IMG" echo started
    equals "$output" started
}
