# Containers as services of the user's systemd, Type=notify: who says that the service is ready, and what systemd then watches.
load helper

setup_file() { ctl load --quiet --input "$IMAGES/debian-systemd.tar" >/dev/null; } # for its systemd-notify

teardown() {
    systemctl --user stop ctl-test-service.service 2>/dev/null
    systemctl --user reset-failed 2>/dev/null
    remove_containers
    nothing_left
}

# serve SDNOTIFY PROPERTY... -- COMMAND...: `ctl run` in the foreground of a service, which this starts without waiting for it.
serve() {
    local sdnotify=$1 properties=()
    shift
    while [ "$1" != -- ]; do properties+=(--property "$1"); shift; done
    systemd-run --quiet --user --no-block --unit ctl-test-service --service-type=notify --property NotifyAccess=all \
        --property TimeoutStartSec=60 "${properties[@]}" --setenv=PATH="$PATH" \
        "$(command -v ctl)" run --name svc --sdnotify "$sdnotify" localhost/debian-systemd "${@:2}"
}
service() { systemctl --user show --property "$1" --value ctl-test-service; }
is_state() { [ "$(service ActiveState)" = "$1" ]; }

@test "conmon: the service is ready as soon as the container runs" {
    serve conmon -- sleep 4321
    eventually is_state active
    equals "$(ctl inspect -f '{{.State.Status}}' svc)" running
    contains "$(tr '\0' ' ' <"/proc/$(service MainPID)/cmdline")" "monitor svc"
}

@test "container: it is ready when the container says so, and not before" {
    # shellcheck disable=SC2016
    serve container -- sh -c 'while [ ! -e /go ]; do sleep 0.2; done; systemd-notify --ready --status="at your service"; exec sleep 4321'
    running() { [ "$(ctl inspect -f '{{.State.Status}}' svc)" = running ]; }
    eventually running
    sleep 2
    equals "$(service ActiveState)" activating
    ctl exec svc touch /go
    eventually is_state active
    equals "$(service StatusText)" "at your service"
    contains "$(tr '\0' ' ' <"/proc/$(service MainPID)/cmdline")" "monitor svc" # not the process of the container that said it
}

@test "ignore: nobody says anything, and the container has no socket to say it on" {
    # shellcheck disable=SC2016
    serve ignore -- sh -c 'echo "socket: [$NOTIFY_SOCKET]"; exec sleep 4321'
    says() { [ "$(ctl logs svc)" = "socket: []" ]; }
    eventually says
    sleep 2
    equals "$(service ActiveState)" activating
}

@test "stopping the service stops the container, and its end ends the service" {
    serve conmon -- sleep 4321
    eventually is_state active
    systemctl --user stop ctl-test-service
    equals "$(ctl inspect -f '{{.State.Status}}' svc)" exited
    systemctl --user reset-failed ctl-test-service # 137, since this sleep does not hear SIGTERM
    ctl rm svc
    serve conmon -- sh -c 'sleep 3; exit 7'
    eventually is_state active
    eventually is_state failed
    equals "$(service ExecMainStatus)" 7
    ended() { [ "$(ctl inspect -f '{{.State.Status}} {{.State.ExitCode}}' svc)" = "exited 7" ]; }
    eventually ended
}

@test "a watchdog that the container feeds keeps the service alive, and one that it forgets ends it" {
    # shellcheck disable=SC2016
    serve container WatchdogSec=15 -- sh -c 'systemd-notify --ready; for i in $(seq 20); do sleep 1; systemd-notify WATCHDOG=1; done; exec sleep 4321'
    eventually is_state active
    sleep 18
    equals "$(service ActiveState)" active
    ended() { [ "$(service Result)" = watchdog ]; }
    eventually ended
}
