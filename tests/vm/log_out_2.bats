# After a logout: what had limits has ended, since its scope belongs to the user's systemd.
# vm: no linger
load helper

@test "the container with limits has ended in order" {
    equals "$(ctl inspect -f '{{.State.Status}}' held)" exited
    equals "$(ctl inspect -f '{{.State.ExitCode}}' held)" 137
    [ "$(ctl inspect -f '{{.State.FinishedAt}}' held)" != "$(ctl inspect -f '{{.State.StartedAt}}' held)" ]
    ctl rm held
    nothing_left
}

@test "nothing is said of a container without limits" {
    run ctl run -d --name free localhost/busybox sleep 4321
    equals "$status" 0
    equals "${#lines[@]}" 1
}
