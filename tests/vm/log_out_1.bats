# A user who does not linger; log_out_2.bats looks after her next login.
# vm: no linger
load helper

setup_file() { ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null; }

@test "a container with limits is said to end with the last session" {
    run ctl run -d --name held --cpus=0.5 --stop-timeout 1 localhost/busybox sleep 4321
    echo "$output"
    equals "$status" 0
    contains "$output" "this container has limits and ends with your last session; \`loginctl enable-linger\` keeps it running"
}
