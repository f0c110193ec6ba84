# rename, pause, port, exists, prune, cleanup, wait, and several containers in one command.
load helper
setup() { setup_busybox; }

# ---- rename

@test "rename gives another name, of a running container too" {
    ctl run -d --name old "$IMG" sleep 1000
    ctl rename old new
    equals "$(ctl ps --format '{{.Names}}')" new
    equals "$(ctl inspect -f '{{.Name}}' new)" new
    fails_with 125 old inspect old
    ctl run --rm --name old "$IMG" true
    ctl stop -t 0 new
}

@test "a --rm container that was renamed is removed at its end" {
    ctl run -d --rm --name old "$IMG" sh -c 'while [ ! -e /go ]; do sleep 0.05; done'
    ctl rename old new
    ctl exec new touch /go
    gone() { [ -z "$(ctl ps -aq)" ]; }
    eventually gone
    equals "$(ls "$XDG_DATA_HOME/ctl/names")" ""
}

@test "a name that is taken or makes no sense is refused" {
    ctl create --name a "$IMG" true
    ctl create --name b "$IMG" true
    fails_with 125 "in use" rename a b
    fails_with 125 "" rename a /etc
    equals "$(ctl inspect -f '{{.Name}}' a)" a
}

# ---- pause

@test "pause holds every process, unpause lets them go on" {
    ctl run -d --name c "$IMG" sh -c '(while :; do echo x >>/ticks; sleep 0.02; done) & while :; do sleep 0.02; done'
    eventually ctl exec c test -s /ticks
    run_ctl pause c
    equals "$output" c
    equals "$(state_of c)" paused
    equals "$(ctl inspect -f '{{.State.Paused}} {{.State.Running}}' c)" "true false"
    local file before
    file=$(ls "$XDG_DATA_HOME"/ctl/containers/*/upper/ticks)
    before=$(wc -c <"$file")
    sleep 0.2
    equals "$(wc -c <"$file")" "$before"
    fails_with 125 "container c is paused: ctl unpause c lets it go on" exec c true
    ctl unpause c
    equals "$(state_of c)" running
    grown() { [ "$(wc -c <"$file")" -gt "$before" ]; }
    eventually grown
}

@test "pause of one with --init" {
    ctl run -d --init --name c "$IMG" sleep 1000
    ctl pause c
    equals "$(state_of c)" paused
    ctl unpause -a
    equals "$(state_of c)" running
}

@test "a paused container is stopped politely, killed, removed" {
    ctl run -d --name c "$IMG" sh -c 'trap "exit 6" TERM; touch /ready; while :; do sleep 0.05; done'
    eventually ctl exec c test -e /ready
    ctl pause c
    ctl stop c
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 6
    ctl start c
    eventually ctl exec c test -e /ready
    ctl pause c
    run_ctl rm c
    equals "$status" 2
    ctl rm -f c
}

@test "what is not running is not paused, and what is not paused goes on" {
    ctl run -d --name c "$IMG" sleep 1000
    fails_with 125 "not paused" unpause c
    ctl stop -t 0 c
    fails_with 125 "not running" pause c
}

# ---- port, exists

@test "port shows where ports are published" {
    local port
    port=$(free_port)
    ctl run -d --name c -p "127.0.0.1:$port:80" "$IMG" sleep 1000
    equals "$(ctl port c)" "80/tcp -> 127.0.0.1:$port"
    equals "$(ctl port c 80)" "127.0.0.1:$port"
    equals "$(ctl port -l 80/tcp)" "127.0.0.1:$port"
    contains "$(ctl port -a)" "	80/tcp -> 127.0.0.1:$port"
    fails_with 125 81 port c 81
    ctl stop -t 0 c
    equals "$(ctl port c)" ""
}

@test "container exists tells by its exit status" {
    ctl create --name c "$IMG" true
    run_ctl container exists c
    equals "$status$output$stderr" 0
    run_ctl container exists nobody
    equals "$status$output$stderr" 1
}

# ---- prune, cleanup

@test "container prune removes what does not run, and asks before" {
    ctl create --name a "$IMG" true
    ctl run --name b "$IMG" true
    ctl run -d --name c "$IMG" sleep 1000
    ctl container prune <<<n
    equals "$(ctl ps -aq | wc -l)" 3
    run_ctl container prune --force
    equals "$(wc -l <<<"$output")" 2
    equals "$(ctl ps -a --format '{{.Names}}')" c
}

@test "container prune chooses by label and age" {
    ctl create --name a --label keep=1 "$IMG" true
    ctl create --name b --label x=1 "$IMG" true
    equals "$(ctl container prune -f --filter until=1h)" ""
    equals "$(ctl container prune -f --filter label!=keep | wc -l)" 1
    equals "$(ctl ps -a --format '{{.Names}}')" a
    equals "$(ctl container prune -f --filter label=keep=1 | wc -l)" 1
}

@test "container cleanup does what a killed monitor could not" {
    ctl run -d --rm --name gone "$IMG" sleep 1000
    ctl run -d --name c "$IMG" sleep 1000
    fails_with 125 "not stopped" container cleanup c
    local name pid
    for name in gone c; do
        pid=$(ctl inspect -f '{{.State.Pid}}' $name)
        kill -KILL "$(ctl inspect -f '{{.State.ConmonPid}}' $name)"
        kill -KILL "$pid"
    done
    eventually is_exited c
    eventually is_exited gone
    ctl container cleanup -a
    equals "$(ctl ps -a --format '{{.Names}}')" c
    equals "$(find "$XDG_RUNTIME_DIR/ctl/attach" -type s)" ""
}

# ---- wait

@test "wait --condition waits for other states than the end" {
    ctl create --name c "$IMG" sleep 1000
    equals "$(ctl wait --condition created,exited c)" -1
    "$CTL" wait --condition running c >out &
    local waiter=$!
    ctl start c
    wait $waiter
    equals "$(cat out)" -1
    "$CTL" wait --condition paused --interval 20ms c >out &
    waiter=$!
    ctl pause c
    wait $waiter
    "$CTL" wait --condition removing c >out &
    waiter=$!
    ctl rm -f c
    wait $waiter
    equals "$(cat out)" -1
}

@test "wait of what is not there" {
    fails_with 125 nobody wait nobody
    equals "$(ctl wait --ignore nobody)" -1
    fails_with 125 sleeping wait --condition sleeping nobody
    fails_with 125 "not supported yet" wait --condition healthy nobody
}

# ---- several in one command

@test "stop works on all at the same time, in the order of the arguments" {
    local n
    for n in a b c d; do
        ctl run -d --name $n "$IMG" sh -c 'trap "sleep 1; exit 0" TERM; touch /ready; while :; do sleep 0.05; done'
    done
    for n in a b c d; do eventually ctl exec $n test -e /ready; done
    local begin=$SECONDS
    run_ctl stop d nobody b a c
    equals "$status" 125
    equals "$output" "d
b
a
c"
    contains "$stderr" nobody
    [ $((SECONDS - begin)) -lt 30 ] # one after the other would do, too; what counts is that each had its second
    for n in a b c d; do equals "$(ctl inspect -f '{{.State.ExitCode}}' $n)" 0; done
}

@test "each of several containers has its own patience" {
    ctl run -d --name quick --stop-timeout 0 "$IMG" sh -c 'trap "" TERM; touch /ready; while :; do sleep 0.05; done'
    ctl run -d --name slow --stop-timeout 100 "$IMG" sh -c 'trap "exit 4" TERM; touch /ready; while :; do sleep 0.05; done'
    eventually ctl exec quick test -e /ready
    eventually ctl exec slow test -e /ready
    ctl stop quick slow
    equals "$(ctl inspect -f '{{.State.ExitCode}}' quick slow)" "137
4"
}

@test "start starts several, and says which could not be" {
    ctl create --name a "$IMG" sleep 1000
    ctl create --name bad "$IMG" no-such-program
    ctl create --name b "$IMG" sleep 1000
    local status=0
    ctl start a bad b >out 2>err || status=$?
    equals "$status" 127
    equals "$(cat out)" "a
b"
    contains "$(cat err)" no-such-program
    equals "$(state_of a) $(state_of bad) $(state_of b)" "running created running"
}

@test "start --all starts what does not run" {
    ctl create --name a "$IMG" sleep 1000
    ctl run -d --name b "$IMG" sleep 1000
    equals "$(ctl start --all)" "$(ctl inspect -f '{{.Id}}' a)"
    equals "$(state_of a)" running
}

@test "--filter chooses among those that --all means" {
    ctl create --name a --label app=one "$IMG" sleep 100 >/dev/null
    ctl create --name b --label app=two "$IMG" sleep 100 >/dev/null
    ctl create --name c --label app=one "$IMG" sleep 100 >/dev/null
    equals "$(ctl start --filter label=app=one | wc -l)" 2
    equals "$(state_of a) $(state_of b) $(state_of c)" "running created running"
    equals "$(ctl pause --filter name=a)" "$(ctl inspect -f '{{.Id}}' a)"
    equals "$(ctl unpause --filter label=app=one)" "$(ctl inspect -f '{{.Id}}' a)"
    equals "$(ctl restart --time 0 --filter label=app=two)" "$(ctl inspect -f '{{.Id}}' b)"
    equals "$(ctl stop --time 0 --filter label=app=one --filter name=c)" "$(ctl inspect -f '{{.Id}}' c)"
    equals "$(state_of a) $(state_of b) $(state_of c)" "running running exited"
    ctl rm --filter status=exited
    equals "$(ctl ps --all --format '{{.Names}}' | xargs)" "a b"
}

@test "--filter excludes names and says which keys there are" {
    fails_with 125 "names, --filter and --latest exclude each other" stop --filter name=x y
    fails_with 125 "there is no such filter" rm --filter colour=red
    equals "$(ctl rm --all --filter name=none)" ""
}

@test "--latest and --cidfile name a container, and exclude --all" {
    ctl create --name a "$IMG" sleep 1000
    ctl create --name b "$IMG" sleep 1000 >cid
    ctl start --latest
    equals "$(state_of a) $(state_of b)" "created running"
    ctl kill --cidfile cid
    equals "$(state_of b)" exited
    ctl rm --cidfile cid
    fails_with 125 "exclude" rm --latest a
    fails_with 125 "missing argument" stop
}

@test "rm tells by its exit status what was wrong" {
    ctl run -d --name on "$IMG" sleep 1000
    run_ctl rm nobody
    equals "$status" 1
    run_ctl rm on
    equals "$status" 2
    equals "$(ctl rm --ignore nobody)" nobody
}
