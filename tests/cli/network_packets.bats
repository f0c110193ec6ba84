# Packets made by hand, sent through a container's real interface to the stack behind it.
load helper
load network

@test "ARP, refusals, strays, checksums, gaps, windows, resets, urgent data and neighbours are answered as the RFCs say" {
    local echo_port greet_port
    server echo "$HOST"
    echo_port=$PORT
    server greet "$HOST" 0
    greet_port=$PORT
    server urgent "$HOST"
    run ctl run --rm --cap-add NET_RAW -v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro -v "$BATS_TEST_DIRNAME:/tests:ro" \
        "$IMG" /usr/bin/python3 /tests/packets.py "$HOST" "$echo_port" "$HOST" "$greet_port" "$(free_port)" "$PORT"
    equals "$output" "arp
refused
stray
wrong_checksum
out_of_order
outside_the_window
resets
closed_window
urgent
urgent_of_the_server
neighbours"
}
