# After a power cut in the middle of changes to the store.
# vm: power cut
load helper

@test "what was synced is there and whole" {
    kept_is_there
}

@test "an image that is listed can be run, and nothing else is listed" {
    images_work
}

@test "check, which reads every byte, finds no damage" {
    ctl system check
}

@test "the store can be changed as before" {
    churn_store
}
