# ctl secret, and what containers get of secrets.
load helper
setup() {
    setup_busybox
    SECRET=s3cret-$RANDOM$RANDOM
    printf %s "$SECRET" >value
}

# The value is in no file of the store but the secret's own and those kept for the container beside its layers.
nowhere_else() { ! grep -rl --exclude-dir=secrets --exclude='secret-[0-9]*' -e "$SECRET" "$XDG_DATA_HOME/ctl"; }

@test "create, ls, inspect, exists, rm" {
    run_ctl secret create -l color=red pw value
    [[ $output =~ ^[0-9a-f]{25}$ ]]
    id=$output
    equals "$(stat -c %a "$XDG_DATA_HOME/ctl/secrets/pw")" 600
    fails_with 125 "exists already" secret create pw value
    equals "$(ctl secret ls --format '{{.ID}} {{.Name}} {{.Driver}}')" "$id pw file"
    equals "$(ctl secret ls -q)" "$id"
    equals "$(ctl secret inspect -f '{{.Spec.Name}} {{.Spec.Labels.color}}' "${id:0:8}")" "pw red"
    lacks "$(ctl secret inspect pw)" "$SECRET"
    equals "$(ctl secret inspect --showsecret -f '{{.SecretData}}' pw)" "$SECRET"
    run_ctl secret exists pw
    equals "$status" 0
    equals "$(ctl secret rm pw)" "$id"
    run_ctl secret exists pw
    equals "$status" 1
    fails_with 1 "no secret" secret rm pw
    ctl secret rm --ignore pw
}

@test "data comes from standard input or a variable, byte by byte" {
    printf 'a\0b\n' | ctl secret create bin - >/dev/null
    run ctl run --rm --secret bin "$IMG" od -An -tx1 /run/secrets/bin
    equals "$output" " 61 00 62 0a"
    MY_TOKEN=$SECRET ctl secret create --env tok MY_TOKEN >/dev/null
    equals "$(ctl secret inspect --showsecret -f '{{.SecretData}}' tok)" "$SECRET"
    ctl secret create fifo <(cat value) >/dev/null
    equals "$(ctl secret inspect --showsecret -f '{{.SecretData}}' fifo)" "$SECRET"
    fails_with 125 "no environment variable" secret create --env x NOT_THERE
    fails_with 125 "from 1 to 512000 bytes" secret create empty /dev/null
    head -c 512001 /dev/zero >big
    fails_with 125 "512000" secret create big big
}

@test "names that could be paths are refused" {
    fails_with 125 "invalid secret name" secret create ../x value
    fails_with 125 "invalid secret name" secret rm ..
    fails_with 125 "invalid secret name" run --rm --secret ../x "$IMG" true
}

@test "a secret is a file below /run/secrets that cannot be written" {
    ctl secret create pw value >/dev/null
    run_ctl run --name c --secret pw "$IMG" sh -c 'cat /run/secrets/pw; stat -c " %a %u:%g" /run/secrets/pw; echo x >/run/secrets/pw'
    [ "$status" -ne 0 ]
    equals "$output" "$SECRET 444 0:0"
    nowhere_else
}

@test "target, uid, gid and mode" {
    ctl secret create pw value >/dev/null
    run_ctl run --rm --secret pw,target=/etc/deep/key,uid=1000,gid=33,mode=0400 -u 1000 "$IMG" sh -c 'cat /etc/deep/key; stat -c " %a %u:%g" /etc/deep/key'
    equals "$output" "$SECRET 400 1000:33"
    run_ctl run --rm --secret pw,target=renamed "$IMG" cat /run/secrets/renamed
    equals "$output" "$SECRET"
}

@test "a secret as a variable is in no record, and exec has it too" {
    ctl secret create pw value >/dev/null
    ctl run -d --name c --secret pw,type=env,target=TOKEN "$IMG" sh -c 'echo "$TOKEN" | md5sum; sleep 60' >/dev/null
    equals "$(ctl exec c sh -c 'echo "$TOKEN"')" "$SECRET"
    lacks "$(ctl inspect c)" "$SECRET"
    eventually grep -rq "$(echo "$SECRET" | md5sum | cut -c1-32)" "$XDG_DATA_HOME/ctl/containers"
    nowhere_else
    ctl kill c >/dev/null
    ctl wait c >/dev/null
    ctl secret rm pw >/dev/null
    fails_with 125 "secret pw for the variable TOKEN is gone" start c
}

@test "a container keeps the file it was made with" {
    ctl secret create pw value >/dev/null
    ctl create --name c --secret pw "$IMG" cat /run/secrets/pw >/dev/null
    echo other | ctl secret create --replace pw - >/dev/null
    equals "$(ctl start -a c)" "$SECRET"
    ctl secret rm pw >/dev/null
    equals "$(ctl start -a c)" "$SECRET"
}

@test "what cannot be meant is an error" {
    ctl secret create pw value >/dev/null
    fails_with 1 "no secret with name" run --rm --secret none "$IMG" true
    for text in pw,type=disk pw,type=env,mode=0400 pw,mode=9 pw,uid=x pw,lunch=1 pw,target=/proc/1/x pw,target=; do
        run_ctl run --rm --secret "$text" "$IMG" true
        equals "$status" 125
    done
    fails_with 125 "two mounts on" run --rm --secret pw -v "$T:/run/secrets/pw" "$IMG" true
}
