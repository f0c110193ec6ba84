# ctl update: limits of containers that exist. Where they hold is tests/vm's matter.
load helper
setup() { setup_busybox; }

@test "the limits of a container that does not run are recorded, and the others stay" {
    id=$(ctl create --name box --memory 64m --pids-limit 10 "$IMG" true)
    run_ctl update --memory 128m --cpus 0.5 box
    equals "$status" 0
    equals "$output" "$id"
    equals "$(ctl inspect --format '{{.HostConfig.Memory}} {{.HostConfig.CpuQuota}} {{.HostConfig.PidsLimit}}' box)" "134217728 50000 10"
    ctl update --memory 0 box
    equals "$(ctl inspect --format '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' box)" "0 10"
}

@test "what makes no sense changes nothing" {
    ctl create --name box --memory 64m "$IMG" true
    fails_with 125 "at least --memory" update --memory-swap 1m box
    fails_with 125 "nothing to change is named" update box
    fails_with 125 "no container" update --memory 1g nobody
    equals "$(ctl inspect --format '{{.HostConfig.Memory}}' box)" 67108864
}

@test "a running container without limits gets none where they cannot be enforced" {
    ctl run -d --name box "$IMG" sleep 100
    ! ctl update --memory 1g box 2>/dev/null || skip "limits can be enforced here; tests/vm shows them"
    fails_with 125 "--memory cannot be enforced" update --memory 1g box
    ctl update --memory 0 box # nothing to take away
    equals "$(ctl inspect --format '{{.HostConfig.Memory}}' box)" 0
}

@test "a container with --cgroups=disabled stays without limits" {
    ctl create --name box --cgroups=disabled "$IMG" true
    fails_with 125 "--cgroups=disabled" update --memory 1g box
}

@test "update --restart changes what is recorded, and --rm excludes it" {
    ctl create --name box "$IMG" true
    ctl update --restart on-failure:3 box
    equals "$(ctl inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' box)" "on-failure 3"
    ctl update --restart no box
    equals "$(ctl inspect --format '{{.HostConfig.RestartPolicy.Name}}' box)" no
    ctl create --rm --name gone "$IMG" true
    fails_with 125 "made with --rm" update --restart always gone
    fails_with 125 "known are no, on-failure" update --restart sometimes box
}

@test "update --restart=no of a running container ends its restarts" {
    ctl run -d --name box --restart always "$IMG" sh -c 'while [ ! -e /end ]; do sleep 0.1; done' >/dev/null
    ctl update --restart no box
    ctl exec box touch /end
    eventually is_exited box
    equals "$(ctl inspect --format '{{.RestartCount}}' box)" 0
}

@test "a running container that was started without a policy hears when it gets one" {
    ctl run -d --name box "$IMG" sleep 1000 >/dev/null
    run_ctl update --restart always box
    contains "$stderr" "from its next start on"
    ctl restart -t 0 box
    kill -KILL "$(ctl inspect --format '{{.State.Pid}}' box)"
    eventually test_restarted
    ctl rm -f -t 0 box
}
test_restarted() { [ "$(ctl inspect --format '{{.RestartCount}}' box)" = 1 ]; }
