# ctl unshare: a command in the store's user namespace.
load helper
setup() {
    ctl_setup
    need userns
}

@test "the command is root there and has the subordinate ids" {
    equals "$(ctl unshare id -u)" 0
    equals "$(ctl unshare awk 'NR == 1 { print $1, $2, $3 }' /proc/self/uid_map)" "0 $(id -u) 1"
    equals "$(ctl unshare awk 'NR == 2 { print $1 }' /proc/self/uid_map)" 1
}

@test "files of subordinate ids can be made, seen and removed" {
    ctl unshare sh -c "echo x >$T/file && chown 5:6 $T/file"
    equals "$(ctl unshare stat -c %u:%g "$T/file")" 5:6
    [ "$(stat -c %u "$T/file")" != "$(id -u)" ]
    ctl unshare rm "$T/file"
    [ ! -e "$T/file" ]
}

@test "nothing is gained outside of one's own ids" {
    run_ctl unshare sh -c 'cat /etc/shadow || touch /etc/unshare-was-here || chown 0:0 /etc/passwd || echo nothing'
    equals "$output" nothing
    [ ! -e /etc/unshare-was-here ]
}

@test "its mounts are its own" {
    ctl unshare sh -c "mount -t tmpfs none $HOME && echo hidden >$HOME/file"
    [ ! -e "$HOME/file" ]
}

@test "environment, directory, streams and exit status are passed on" {
    cd "$HOME"
    run_ctl unshare sh -c 'pwd; echo "$HOME $CONTAINERS_GRAPHROOT"; cat; exit 33' <<<typed
    equals "$status" 33
    equals "$output" "$HOME"$'\n'"$HOME $XDG_DATA_HOME/ctl"$'\ntyped'
}

@test "the command runs in ctl's own process: signals and terminal are its own" {
    run bash -c '"$CTL" unshare sh -c "kill -TERM \$\$"; echo $?'
    equals "${lines[-1]}" 143
}

@test "without a command it is the user's shell" {
    equals "$(SHELL=/bin/sh ctl unshare <<<'id -u')" 0
}

@test "a command that is not there ends with 127, one that cannot be executed with 126" {
    fails_with 127 no-such-program unshare no-such-program
    fails_with 126 /etc/passwd unshare /etc/passwd
}

@test "--rootless-netns is not there yet" {
    fails_with 125 "not supported yet" unshare --rootless-netns true
}
