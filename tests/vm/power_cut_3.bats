# The store is being changed when the power is cut; power_cut_4.bats looks at what is left of it.
load helper

@test "an image that is there, and others that come and go" {
    ctl image exists localhost/debian-nginx || ctl load --quiet --input "$IMAGES/debian-nginx.tar" >/dev/null
    ctl tag localhost/debian-nginx kept
    ctl run --name kept --network none kept sh -c 'echo said >/file'
    sync # who asks for it gets it: from here on this is safe
    churn_store
}
