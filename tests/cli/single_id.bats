# Single-id mode, for users without subordinate ids: one user, and everything belongs to the caller.
load helper
setup() {
    export CTL_SINGLE_ID=1
    setup_busybox
}

@test "root in more groups than there are is root in its own" {
    equals "$(ctl run --rm "$IMG" id -G)" 0
    ctl run -d --name c "$IMG" sleep 1000
    equals "$(ctl exec --user root c id -G)" 0
    fails_with 125 "group 2001 does not exist in the container" run --group-add 2001 "$IMG" true
}

@test "a start does not depend on who is faster, the process or its maps" {
    for _ in $(seq 20); do
        ctl run --rm "$IMG" true
        ctl run --rm --userns keep-id "$IMG" true
    done
}

@test "files go in and out, and belong to the caller on both sides" {
    ctl run -d --name c -v vol:/v --tmpfs /t "$IMG" sh -c 'mkdir /d; echo x >/d/x; echo v >/v/v; touch /ready; sleep 1000'
    eventually ctl exec c test -e /ready
    ctl cp c:/d out
    equals "$(cat out/x)" x
    [ -O out/x ]
    ctl cp out c:/in
    equals "$(ctl exec c stat -c '%u:%g' /in/x)" 0:0
    tar cf - out | ctl cp - c:/
    equals "$(ctl exec c cat /out/x)" x
    contains "$(ctl diff c)" "A /d/x"
    equals "$(ctl export c | tar tv --numeric-owner d/x | awk '{print $2}')" 0/0
    ctl commit -q c image
    equals "$(ctl run --rm image cat /in/x)" x
    ctl stop -t 0 c
    equals "$(ctl cp c:/v/v - | tar xO)" v
    ctl cp out/x c:/v/new
    equals "$(ctl run --rm -v vol:/v:O "$IMG" cat /v/new)" x
}

@test "secrets are root's; for other users they cannot be, and nothing is left of the attempt" {
    printf word | ctl secret create s -
    equals "$(ctl run --rm --secret s "$IMG" sh -c 'cat /run/secrets/s; stat -c :%u /run/secrets/s')" word:0
    equals "$(ctl run --rm --secret s,type=env,target=S "$IMG" sh -c 'echo $S')" word
    fails_with 125 "secret s: id 5 does not exist in the container" run --secret s,uid=5 "$IMG" true
    fails_with 125 "secret s: id 5 does not exist in the container" create --name c --secret s,uid=5 "$IMG"
    equals "$(ctl ps -aq)" ""
}

@test "a container of one mode is not touched in the other" {
    ctl create --name c "$IMG" true
    CTL_SINGLE_ID=0 fails_with 125 "was made in single-id mode" start c
    CTL_SINGLE_ID=0 fails_with 125 "was made in single-id mode" cp c:/etc/passwd .
}
