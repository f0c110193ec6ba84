# The command line itself: help, what is refused and how, standard output that fails, and what the shells' completions ask.
load helper

@test "without a command ctl shows its help and fails" {
    run_ctl
    equals "$status" 125
    contains "$output" "Usage: ctl [options] [COMMAND]"
}

@test "--version and --help need no home directory" {
    unset HOME XDG_DATA_HOME
    run_ctl --version
    equals "$status" 0
    contains "$output" "ctl version "
    run_ctl run --help
    equals "$status" 0
    contains "$output" "Usage: ctl run [options] IMAGE"
}

@test "an option of Podman's that ctl does not have is refused" {
    fails_with 125 "run: option --health-cmd is not supported yet" run --health-cmd true image
    fails_with 125 "push: option --encryption-key is not supported yet" push --encryption-key k x
    fails_with 125 "option --hooks-dir is not supported yet" --hooks-dir /x ps
}

@test "inspect knows volumes, by --type and without" {
    ctl volume create --label a=b v
    equals "$(ctl inspect --type volume --format '{{.Labels.a}}' v)" b
    equals "$(ctl inspect --format '{{.Name}}' v)" v
    fails_with 1 "no volume" inspect --type volume none
    fails_with 125 "none" inspect --type container none
}

@test "what inspect does not find need not have the name of a volume" {
    fails_with 125 'no such object "nosuch:1": ' inspect nosuch:1
    lacks "$stderr" "volume name"
    run_ctl volume exists nosuch:1
    equals "$status" 1
}

@test "an option that is no time is named as it was typed" {
    fails_with 125 'ctl: --retry-delay: "bogus" is not a time such as 250ms or 2s' pull --retry-delay bogus x
    fails_with 125 'ctl: --retry-delay: "bogus" is not a time such as 250ms or 2s' image copy --retry-delay bogus dir:a dir:b
    fails_with 125 'ctl: --max: "bogus" is not a time such as 250ms or 2s' system check --max bogus
}

@test "a value of Podman's that ctl does not have is refused" {
    fails_with 125 "--network=bridge is not supported yet" run --network=bridge image
    fails_with 125 "--type=pod is not supported yet" inspect --type pod x
}

@test "a command of Podman's that ctl does not have is refused" {
    fails_with 125 "the command build is not supported yet" build .
    fails_with 125 "the command network create is not supported yet" network create x
}

@test "typing errors are answered with the nearest name" {
    fails_with 125 "unknown command imags; did you mean images?" imags
    fails_with 125 "unknown option --detatch; did you mean --detach?" run --detatch image
}

@test "an escape sequence in a name does not reach the terminal" {
    run_ctl inspect $'evil\e]0;title\a'
    equals "$status" 125
    contains "$stderr" 'evil\x1b]0;title\x07'
    lacks "$stderr" $'\e'
}

@test "a full disk under standard output is an error" {
    run --separate-stderr bash -c '"$1" ps >/dev/full' - "$CTL"
    equals "$status" 125
    contains "$stderr" "ctl: write standard output: No space left on device"
}

@test "a closed standard output ends ctl quietly, as SIGPIPE would" {
    mkfifo "$T/pipe"
    run --separate-stderr bash -c 'exec 3<>"$2"; exec 4>"$2"; exec 3<&-; "$1" ps >&4' - "$CTL" "$T/pipe"
    equals "$status" 141
    equals "$stderr" ""
}

@test "a failure with one name does not keep the others from their turn" {
    setup_busybox
    ctl create --name one "$IMG" true >/dev/null
    ctl create --name two "$IMG" true >/dev/null
    run_ctl rm one nobody two
    [ "$status" -ne 0 ]
    equals "$output" $'one\ntwo'
    contains "$stderr" nobody
    equals "$(ctl ps -aq)" ""
}

@test "the completions are told the names of containers and images" {
    setup_busybox
    ctl create --name sleeper "$IMG" true >/dev/null
    equals "$(ctl __complete containers)" sleeper
    equals "$(ctl __complete running)" ""
    equals "$(ctl __complete images)" "$IMG"
    equals "$(ctl __complete objects)" $'sleeper\n'"$IMG"
}

@test "a command of a group does what its short name does" {
    equals "$(ctl container ls -a --format json)" "$(ctl ps -a --format json)"
    run_ctl container
    equals "$status" 125
    contains "$output" "wait "
    run_ctl image --help
    equals "$status" 0
    contains "$output" "pull "
    [[ $output != *"exec "* ]]
}

@test "an unknown command of a group is told from one that is not there yet" {
    fails_with 125 "unknown command container lst; did you mean container l" container lst
    fails_with 125 "container checkpoint is not supported yet" container checkpoint
}

@test "container inspect does not look for images" {
    run_ctl container inspect nothing-of-that-name
    equals "$status" 125
    contains "$stderr" "no container"
    [[ $stderr != *image* ]]
}
