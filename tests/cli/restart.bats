# --restart, restart, --requires.
load helper
setup() { setup_busybox; }

runs_of() { ctl logs "$1" | grep -c run; }
has_run() { [ "$(runs_of "$1")" -ge "$2" ]; }
is_restarting() { [ "$(state_of "$1")" = restarting ]; }

@test "--restart=on-failure:2 starts it twice more, and then it is over" {
    ctl run -d --name c --restart on-failure:2 "$IMG" sh -c 'echo run; exit 3'
    eventually is_exited c
    equals "$(runs_of c)" 3
    equals "$(ctl inspect -f '{{.RestartCount}} {{.State.ExitCode}}' c)" "2 3"
    equals "$(ctl inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' c)" "on-failure 2"
}

@test "--restart=on-failure is content with success" {
    ctl run -d --name c --restart on-failure "$IMG" sh -c 'echo run; test -e /again && exit 0; touch /again; exit 1'
    eventually is_exited c
    equals "$(runs_of c)" 2
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 0
}

@test "an attached client stays through restarts and gets the last exit code" {
    run_ctl run --restart on-failure:1 --name c "$IMG" sh -c 'echo run; exit 5'
    equals "$status" 5
    equals "$output" "run
run"
}

@test "a container that is killed is started again with the same ports" {
    local port
    port=$(free_port)
    ctl run -d --name c --restart always -p "$port:80" "$IMG" sh -c 'echo run; httpd -f -p 80 -h /etc'
    eventually curl -sf "http://127.0.0.1:$port/passwd"
    kill -KILL "$(ctl inspect -f '{{.State.Pid}}' c)"
    eventually has_run c 2
    eventually curl -sf "http://127.0.0.1:$port/passwd"
    equals "$(ctl port c 80)" "0.0.0.0:$port"
}

@test "stop ends a container that is always started again" {
    ctl run -d --name c --restart always "$IMG" sh -c 'echo run; sleep 1000'
    eventually has_run c 1
    ctl stop -t 0 c
    equals "$(state_of c)" exited
    equals "$(ctl inspect -f '{{.State.StoppedByUser}}' c)" true
    equals "$(runs_of c)" 1
    no_monitor() { [ "$(ctl inspect -f '{{.State.ConmonPid}}' c)" = 0 ]; }
    eventually no_monitor
    equals "$(state_of c)" exited
}

@test "kill ends it for good as well" {
    ctl run -d --name c --restart always "$IMG" sleep 1000
    ctl kill c
    eventually is_exited c
}

@test "a signal that does not end it leaves the policy alone" {
    ctl run -d --name c --restart always "$IMG" sh -c 'echo run; trap "exit 1" USR1; touch /ready; while :; do sleep 0.05; done'
    eventually ctl exec c test -e /ready
    ctl kill -s USR1 c
    eventually has_run c 2
}

@test "stop and rm -f during the pause between two runs" {
    local way
    for way in "stop -t 0" "kill" "rm -f"; do
        ctl run -d --name c --restart always "$IMG" sh -c 'exit 1'
        eventually is_restarting c
        # shellcheck disable=SC2086
        ctl $way c
        [ "$way" = "rm -f" ] || equals "$(ctl wait c)" 1
        ctl rm -f c
        equals "$(ctl ps -aq)" ""
    done
}

@test "rm without force refuses what is about to be started again" {
    ctl run -d --name c --restart always "$IMG" sh -c 'exit 1'
    eventually is_restarting c
    run_ctl rm c
    equals "$status" 2
}

@test "a restart that cannot start it is tried again, and inspect says why" {
    mkdir dir
    ctl run -d --name c --restart always -v "$T/dir:/d" "$IMG" sh -c 'echo run; test -e /d/stay && exec sleep 1000; exit 1'
    eventually has_run c 1
    rmdir dir
    eventually bash -c '"$CTL" inspect -f "{{.State.Error}}" c | grep -q "could not be started again"'
    mkdir dir
    touch dir/stay
    eventually is_running c
    equals "$(ctl inspect -f '{{.State.Error}}' c)" ""
}

@test "--restart excludes --rm, and knows its words" {
    fails_with 125 "exclude each other" run --rm --restart always "$IMG" true
    fails_with 125 "--restart=sometimes" run --restart sometimes "$IMG" true
    ctl run --rm --restart no "$IMG" true
}

@test "a systemd that ends the session ends it, and that is no wish of the user's" {
    ctl run -d --name c --restart unless-stopped "$IMG" sh -c 'trap "exit 0" TERM; touch /ready; while :; do sleep 0.05; done'
    eventually ctl exec c test -e /ready
    kill -TERM "$(ctl inspect -f '{{.State.ConmonPid}}' c)"
    eventually is_exited c
    equals "$(ctl inspect -f '{{.State.StoppedByUser}} {{.RestartCount}}' c)" "false 0"
}

@test "restart stops and starts" {
    ctl run -d --name c "$IMG" sh -c 'echo run; exec sleep 1000'
    eventually has_run c 1
    local pid
    pid=$(ctl inspect -f '{{.State.Pid}}' c)
    run_ctl restart -t 0 c
    equals "$output" c
    eventually has_run c 2
    [ "$(ctl inspect -f '{{.State.Pid}}' c)" != "$pid" ]
}

@test "restart starts what does not run; --running leaves that alone" {
    ctl create --name c "$IMG" sleep 1000
    equals "$(ctl restart --running)" ""
    equals "$(state_of c)" created
    ctl restart c
    equals "$(state_of c)" running
}

@test "what each run prints reaches a pipe with a slow reader, a file and the log whole" {
    local -r program='head -c 300001 /dev/zero | tr "\0" x; echo; exit 1'
    ctl run --name piped --restart on-failure:2 "$IMG" sh -c "$program" | (
        sleep 0.5 # over the end of the first run: its last output waits in the container's pipe
        wc -c >count
    )
    equals "$(cat count)" $((3 * 300002))
    ctl run --name filed --restart on-failure:2 "$IMG" sh -c "$program" >out || true
    equals "$(wc -c <out)" $((3 * 300002))
    equals "$(ctl logs filed | wc -c)" $((3 * 300002))
}

@test "wait returns at the end of each run, whether another follows or not" {
    local waiter
    ctl run -d --name c --restart always "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.05; done; rm /go; exit 3'
    "$CTL" wait c >code &
    waiter=$!
    ctl exec c touch /go
    wait $waiter
    equals "$(cat code)" 3
    eventually is_running c
    equals "$(ctl inspect -f '{{.RestartCount}}' c)" 1
}

@test "--requires starts the others before" {
    ctl create --name db "$IMG" sleep 1000
    ctl create --name cache "$IMG" sleep 1000
    ctl run -d --requires db,cache --name app "$IMG" sleep 1000
    equals "$(state_of db) $(state_of cache)" "running running"
    ctl stop -t 0 -a
    ctl start app
    equals "$(state_of db)" running
}

@test "what others require is removed with --depend, or all together, and not alone" {
    ctl create --name db "$IMG" true
    ctl create --name app --requires db "$IMG" true
    fails_with 125 "required by app" rm db
    fails_with 125 "required by app" rm -f db
    equals "$(ctl rm db app)" "db
app"
    ctl create --name db "$IMG" true
    ctl create --name app --requires db "$IMG" true
    ctl rm --depend db
    equals "$(ctl ps -aq)" ""
}

@test "a container can only require what there is" {
    fails_with 125 nobody create --requires nobody "$IMG" true
}

@test "ps finds containers by their restart policy, and counts the restarts" {
    ctl create --name plain "$IMG" true
    ctl create --name always --restart always "$IMG" true
    ctl run --name twice --restart on-failure:2 "$IMG" false || true
    equals "$(ctl ps -a --filter restart-policy=always --format '{{.Names}}')" always
    equals "$(ctl ps -a --filter restart-policy=on-failure --format '{{.Names}} {{.Restarts}}')" "twice 2"
    equals "$(ctl ps -a --filter restart-policy=no --format '{{.Names}}')" plain
    fails_with 125 "expected no, on-failure, always or unless-stopped" ps --filter restart-policy=sometimes
}

@test "ps --filter should-start-on-boot knows what a stop means" {
    ctl create --name plain "$IMG" true
    ctl create --name always --restart always "$IMG" true
    ctl run -d --name goes-on --restart unless-stopped "$IMG" sleep 100
    ctl run -d --name stopped --restart unless-stopped "$IMG" sleep 100
    ctl stop --time 0 stopped
    equals "$(ctl ps -a --filter should-start-on-boot=true --format '{{.Names}}' | xargs)" "always goes-on"
    equals "$(ctl ps -a --filter should-start-on-boot=false --format '{{.Names}}' | xargs)" "plain stopped"
    fails_with 125 "expected true or false" ps --filter should-start-on-boot=maybe
}
