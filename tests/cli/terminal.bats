# -t: a real terminal, its size, and the caller's terminal afterwards.
load helper
setup() { setup_busybox; }

on_tty() { run python3 "$BATS_TEST_DIRNAME/on_tty.py" "$@"; }

@test "-t gives the command a terminal" {
    on_tty -- "$CTL" run --rm -t "$IMG" sh -c 'test -t 0 && test -t 1 && test -t 2 && tty'
    equals "$status" 0
    contains "$output" /dev/
}

@test "without -t there is none" {
    run_ctl run --rm "$IMG" sh -c 'test -t 1'
    equals "$status" 1
}

@test "-it takes what is typed, and the exit code comes through" {
    on_tty --expect '# ' --send 'echo an""swer\n' --expect answer --send 'exit 23\n' -- "$CTL" run --rm -it "$IMG" sh
    equals "$status" 23
}

@test "the terminal has the caller's size" {
    on_tty --size 33x111 -- "$CTL" run --rm -it "$IMG" stty size
    contains "$output" "33 111"
}

@test "the size follows the caller's" {
    on_tty --size 33x111 --expect '# ' --send 'stty size\n' --expect '33 111' --resize 44x122 \
        --send 'while [ "$(stty size)" != "44 122" ]; do sleep 0.1; done; echo fol""lowed\n' --expect followed \
        --send 'exit\n' -- "$CTL" run --rm -it "$IMG" sh
    equals "$status" 0
}

@test "ctrl-c is typed into the container, not at ctl" {
    # What says that it sleeps is what the key is for: the shell, between two commands, might miss it.
    local sleeper="sh -c 'echo a\"\"sleep; exec sleep 100'\n"
    on_tty --expect '# ' --send "$sleeper" --expect asleep --send '\x03' --expect '# ' --send 'exit 5\n' -- \
        "$CTL" run --rm -it "$IMG" sh
    equals "$status" 5
}

@test "the caller's terminal is restored when the container is killed" {
    on_tty --expect '# ' --send 'kill -9 1; echo still\n' --expect still --send 'exec false\n' -- "$CTL" run --rm -it "$IMG" sh
    equals "$status" 1 # 98 would be changed modes
}

@test "the caller's terminal is restored when the command is not there" {
    on_tty -- "$CTL" run --rm -it "$IMG" no-such-program
    equals "$status" 127
}

@test "ctrl-p ctrl-q leaves the container running" {
    on_tty --expect '# ' --send '\x10\x11' -- "$CTL" run --name left -it "$IMG" sh
    equals "$status" 0
    equals "$(state_of left)" running
}

@test "exec -it has a terminal too" {
    ctl run -d --name box "$IMG" sleep 100 >/dev/null
    on_tty --size 20x70 --expect '# ' --send 'stty size\n' --expect '20 70' --send 'exit 4\n' -- "$CTL" exec -it box sh
    equals "$status" 4
}

@test "on a terminal both streams are one, and logged as such" {
    on_tty -- "$CTL" run --name both -t "$IMG" sh -c 'echo out; echo err >&2'
    contains "$(ctl logs both)" out
    contains "$(ctl logs both)" err
}
