# After another logout: what had no limits goes on.
load helper

teardown() {
    remove_containers
    nothing_left
}

@test "the container without limits is running" {
    equals "$(ctl inspect -f '{{.State.Status}}' free)" running
    equals "$(ctl exec free echo here)" here
}
