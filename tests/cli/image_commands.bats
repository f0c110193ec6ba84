# history, untag, image exists, image tree, image prune; search against docker-registry.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns
    load_image busybox
    ID=$(ctl images -q --no-trunc)
    ID=${ID#sha256:}
}

@test "history: the last step first, as a table, as JSON, by a template" {
    run_ctl history "$IMG"
    equals "$status" 0
    contains "${lines[0]}" "ID"
    contains "${lines[0]}" "CREATED BY"
    contains "${lines[1]}" "${ID:0:12}"
    equals "$(ctl history --format json "$IMG" | jq -r '.[0].id')" "$ID"
    [ "$(ctl history --format json "$IMG" | jq '.[0].size')" -gt 100000 ]
    equals "$(ctl history --human=false --format '{{.Size}}' "$IMG" | head -1)" "$(ctl history --format json "$IMG" | jq '.[0].size')"
    equals "$(ctl history -q --no-trunc "$IMG" | head -1)" "$ID"
    equals "$(ctl history --format '{{.Tags}}' "$IMG" | head -1)" "$IMG"
    fails_with 125 "no image with name" history nothing
}

@test "image exists answers with its status alone" {
    run_ctl image exists "$IMG"
    equals "$status$output" 0
    run_ctl image exists nothing
    equals "$status$output$stderr" 1
}

@test "image tree shows layers and the images that end with them" {
    ctl tag "$IMG" other
    run_ctl image tree "$IMG"
    equals "$status" 0
    contains "$output" "Image ID: ${ID:0:12}"
    contains "$output" "Tags:     [$IMG, localhost/other:latest]"
    contains "$output" "└── ID: "
    contains "$output" "Top Layer of: [$IMG, localhost/other:latest]"
}

@test "image tree --whatrequires shows what is built on an image, and on that" {
    local first second
    ctl create --name c "$IMG" true >/dev/null
    ctl commit -q c first >/dev/null
    ctl create --name d first true >/dev/null
    ctl commit -q d second >/dev/null
    ctl commit -q c third --change ENV=a=b >/dev/null
    run_ctl image tree --whatrequires "$IMG"
    equals "$status" 0
    contains "${lines[4]}" "└── ID: "
    contains "${lines[4]}" "Top Layer of: [$IMG]"
    contains "$output" "first:latest"
    contains "$output" "second:latest"
    contains "$output" "third:latest"
    run_ctl image tree --whatrequires first
    contains "${lines[4]}" "first:latest"
    contains "${lines[5]}" "    └── ID: "
    contains "${lines[5]}" "second:latest"
    equals "${#lines[@]}" 6
    run_ctl image tree first
    contains "${lines[4]}" "├── ID: "
    contains "${lines[5]}" "└── ID: "
}

@test "untag takes names and leaves the image" {
    ctl tag "$IMG" other third
    ctl untag "$IMG" other
    run_ctl image exists other
    equals "$status" 1
    fails_with 125 "is not called" untag "$IMG" other
    ctl untag "$IMG"
    equals "$(ctl images -q --no-trunc)" "sha256:$ID"
    equals "$(ctl images --format '{{.Repository}}')" "<none>"
}

# web DIR: a server of its files, which redirects /to/X to X, /loop to itself, and says twice as long for /short; sets web.
web() {
    cat >server.py <<'END'
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        to = {"/to": self.path[3:], "/lo": "/loop", "/fi": "file:///etc/passwd"}.get(self.path[:3])
        if to is not None:
            self.send_response(302)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)
        else:
            super().do_GET()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
    python3 server.py >port 2>/dev/null </dev/null 3>&- 4>&- &
    registry_pid=$!
    eventually test -s port
    web=http://127.0.0.1:$(cat port)
}

@test "import: what a web server has" {
    mkdir tree && echo hello >tree/greeting
    tar -C tree -c . | gzip >fs.tar.gz
    here=$(ctl import --quiet fs.tar.gz)
    web
    run_ctl import --quiet "$web/fs.tar.gz" fetched
    equals "$status" 0
    equals "$(ctl image inspect --format '{{index .RootFS.Layers 0}}' fetched)" "$(ctl image inspect --format '{{index .RootFS.Layers 0}}' "$here")"
    ctl import --quiet "$web/to/fs.tar.gz" redirected
    ctl rmi -f "$here" fetched redirected >/dev/null
    fails_with 125 "status 404" import --quiet "$web/none"
    fails_with 125 "redirects more than 10 times" import --quiet "$web/loop"
    fails_with 125 'redirects to "file:///etc/passwd", which is no URL' import --quiet "$web/file"
    fails_with 125 "$web/short" import --quiet "$web/short"
    fails_with 125 "is no URL" import --quiet "http://user@127.0.0.1/x"
    registry_stop
    fails_with 125 "import $web/fs.tar.gz" import --quiet "$web/fs.tar.gz"
    ctl system prune -f >/dev/null
    equals "$(ls -A "$XDG_DATA_HOME/ctl/tmp" "$XDG_DATA_HOME/ctl/partial" | grep -v : | grep .)" ""
}

@test "images --history: the names an image was ever given, also those that it has lost" {
    busy=$(ctl inspect --format '{{.Id}}' "$IMG")
    ctl tag "$IMG" a b
    equals "$(ctl images --history --noheading "$IMG" | sed 's/.*MB  //')" "localhost/b:latest, localhost/a:latest, localhost/busybox:latest"
    ctl untag "$IMG" a "$IMG"
    tar -c --files-from /dev/null | ctl import --quiet - b >/dev/null
    equals "$(ctl images --format '{{.ID}} {{.History}}' --no-trunc | grep "$busy")" "sha256:$busy localhost/b:latest, localhost/a:latest, localhost/busybox:latest"
    equals "$(ctl images b --format '{{.History}}')" localhost/b:latest
    ctl tag "$busy" a
    equals "$(ctl images --format json | jq -c ".[] | select(.Id == \"$busy\") | [.Names, .History]")" \
        '[["localhost/a:latest"],["localhost/a:latest","localhost/b:latest","localhost/busybox:latest"]]'
    equals "$(ctl image inspect --format '{{join .NamesHistory " "}}' a)" "localhost/a:latest localhost/b:latest localhost/busybox:latest"
    contains "$(ctl images --history | head -1)" "SIZE     HISTORY"
    lacks "$(ctl images)" HISTORY
}

@test "image prune removes what has no name, with --all what nothing uses; it asks before" {
    run "$CTL" image prune <<<n
    contains "$output" "all dangling images"
    equals "$(ctl image prune --force)" ""
    ctl image exists "$IMG"
    ctl create --name c "$IMG" true >/dev/null
    equals "$(ctl image prune --all --force)" ""
    ctl rm c >/dev/null
    equals "$(ctl image prune -af --filter label=none.such)" ""
    ctl untag "$IMG"
    equals "$(ctl image prune --force)" "$ID"
    equals "$(ctl images -q)" ""
    equals "$(ls "$XDG_DATA_HOME/ctl/layers")" ""
    fails_with 125 "is not one of" image prune --force --filter colour=blue
}

@test "search: repositories by name, tags, in the search registries" {
    need registry
    mkdir reg
    registry_start "$T/reg"
    registry_push "$(fixture busybox)/layout" test/img:1
    registry_push "$(fixture busybox)/layout" test/img:2
    registry_push "$(fixture busybox)/layout" other/thing:1
    run_ctl search "$registry/img"
    equals "$status" 0
    equals "${#lines[@]}" 2
    contains "${lines[1]}" "$registry/test/img"
    equals "$(ctl search --format json "$registry/" | jq -r '.[].Name' | sort | tr '\n' ' ')" "$registry/other/thing $registry/test/img "
    equals "$(ctl search --limit 1 --format '{{.Name}}' "$registry/")" "$registry/other/thing"
    equals "$(ctl search --list-tags --format json "$registry/test/img" | jq -c '.[0].Tags | sort')" '["1","2"]'
    contains "$(ctl search --list-tags "$registry/test/img")" "$registry/test/img"
    equals "$(ctl search --filter is-official --format '{{.Name}}' "$registry/")" ""
    mkdir -p "$HOME/.config/containers"
    printf 'unqualified-search-registries = ["%s"]\n' "$registry" >"$HOME/.config/containers/registries.conf"
    equals "$(ctl search --format '{{.Index}} {{.Name}}' thing)" "$registry $registry/other/thing"
    fails_with 125 "not found in the registry" search --list-tags "$registry/no/such"
    fails_with 125 "is not one of" search --filter colour=blue x
    fails_with 125 "ctl: --limit: \"few\" is not a whole number" search --limit few x
}

@test "import: what was exported is an image of one layer, with the changes asked for" {
    need overlay
    ctl run --name c "$IMG" sh -c 'echo hello >/greeting; chown 1000:1000 /greeting'
    ctl export -o fs.tar c
    ctl rm c >/dev/null
    run_ctl import --quiet -m "by hand" -c 'CMD ["cat", "/greeting"]' -c 'ENV PATH=/bin' fs.tar flat:1
    equals "$status" 0
    equals "$output" "$(ctl images -q --no-trunc flat)"
    equals "$(ctl run --rm flat:1)" hello
    equals "$(ctl run --rm flat:1 stat -c %u /greeting)" 1000
    equals "$(ctl history --format '{{.Comment}}' flat:1)" "by hand"
    gzip -c fs.tar | ctl import --quiet - >/dev/null
    echo nonsense >bad.tar
    run_ctl import --quiet bad.tar
    equals "$status" 125
    ctl import --quiet --arch arm64 fs.tar other >/dev/null
    equals "$(ctl inspect --format '{{.Architecture}}' other)" arm64
}
