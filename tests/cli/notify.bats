# --sdnotify: what systemd hears on $NOTIFY_SOCKET.
load helper
setup() { setup_busybox; start_listener; }
teardown() { kill "$listener" 2>/dev/null || true; ctl_teardown; }

# Stands in for systemd: writes what it hears to the file `heard`.
start_listener() {
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open("heard", "w", buffering=1) as f:
    while True:
        f.write(s.recv(4096).decode() + "\n")
' "$T/notify" 3>&- &
    listener=$!
    eventually test -S "$T/notify"
    export NOTIFY_SOCKET=$T/notify
}

@test "conmon: ctl says that the service is ready, and which process to watch" {
    ctl run -d --name svc --sdnotify conmon --conmon-pidfile monitor "$IMG" sleep 100
    eventually grep -q READY=1 heard
    contains "$(cat heard)" "MAINPID=$(cat monitor)"
}

@test "container: the container says it itself, on a socket of its own" {
    ctl run -d --name svc "$IMG" sh -c 'echo $NOTIFY_SOCKET >/seen; test -S $NOTIFY_SOCKET && echo socket >>/seen; sleep 100'
    eventually grep -q MAINPID= heard
    eventually ctl exec svc grep -q socket /seen
    equals "$(ctl exec svc cat /seen)" $'/run/notify/notify.sock\nsocket'
    lacks "$(cat heard)" READY=1
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"MAINPID=1\nREADY=1\n", sys.argv[1])' "/proc/$(ctl inspect --format '{{.State.Pid}}' svc)/root/run/notify/notify.sock" 2>/dev/null ||
        python3 - "$(ctl inspect --format '{{.Id}}' svc)" <<'P'
import os, socket, sys
os.chdir(os.environ["XDG_DATA_HOME"] + "/ctl/containers/" + sys.argv[1] + "/notify")
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"MAINPID=1\nREADY=1\n", "notify.sock")
P
    eventually grep -q READY=1 heard
    lacks "$(cat heard)" MAINPID=1$'\n'
}

@test "ignore: nobody says anything, and the container has no socket" {
    run_ctl run --rm --sdnotify ignore "$IMG" sh -c 'echo "[$NOTIFY_SOCKET]"'
    equals "$output" "[]"
    equals "$(cat heard)" ""
}
