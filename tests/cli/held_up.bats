# Containers that cannot end although they were killed: nobody waits for ever, and the reason is told.
load helper
setup() { setup_busybox; }

# Starts an `exec` in container c whose parent reaps nothing, and kills it: its process loses its parent to that one.
lose_an_exec() {
    cat >reaps_nothing.py <<'P'
import ctypes, os, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
child = subprocess.Popen([os.environ["CTL"], "exec", "c", "sh", "-c", "touch /ready; exec sleep 1000"])
while subprocess.run([os.environ["CTL"], "exec", "c", "test", "-e", "/ready"]).returncode:
    time.sleep(0.05)
child.kill()
child.wait()
open("lost", "w").close()
sys.stdin.read()
P
    mkfifo hold
    python3 reaps_nothing.py <hold &
    parent=$!
    exec 7>hold
    eventually test -e lost
}

let_go() {
    exec 7>&-
    wait "$parent"
}

@test "stop names the process that holds up the end, and its parent" {
    local parent
    ctl run -d --name c "$IMG" sleep 1000
    lose_an_exec
    fails_with 125 "container c got SIGKILL and did not end" stop --time 0 c
    contains "$stderr" "(sleep) ended, but its parent $parent (python3) does not reap it: end that parent"
    let_go
    eventually is_exited c
    equals "$(ctl inspect -f '{{.State.ExitCode}}' c)" 137
}

@test "rm -f gives up in the same way, and works when the cause is gone" {
    local parent
    ctl run -d --name c "$IMG" sleep 1000
    ctl run -d --name other "$IMG" sleep 1000
    lose_an_exec
    fails_with 125 "its parent $parent (python3) does not reap it" rm -f c other
    equals "$(ctl ps -a --format '{{.Names}}')" c
    let_go
    ctl rm -f c
    equals "$(ctl ps -aq)" ""
}

@test "kill tells of a monitor that says nothing" {
    local monitor
    ctl run -d --name c "$IMG" sleep 1000
    monitor=$(ctl inspect -f '{{.State.ConmonPid}}' c)
    kill -STOP "$monitor"
    fails_with 125 "container c has ended, but its monitor, process $monitor (" kill c
    contains "$stderr" "kill -CONT $monitor"
    fails_with 125 "its monitor, process $monitor (" rm c
    kill -CONT "$monitor"
    equals "$(ctl wait c)" 137
}
