# image delete and image referrers: what is in registries, and stays there or does not.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns registry
    mkdir reg && registry_start "$T/reg"
    registry_push "$(fixture busybox)/layout" team/app:1
}

digest() { ctl image inspect --remote -n --format '{{.Digest}}' "$registry/$1"; }

@test "delete takes the manifest away, with all its tags, and says which" {
    ctl image copy --quiet "docker://$registry/team/app:1" "docker://$registry/team/app:2"
    ctl image copy --quiet --format v2s2 "docker://$registry/team/app:1" "docker://$registry/team/app:3"
    first=$(digest team/app:1)
    equals "$(ctl image delete "docker://$registry/team/app:1")" "$first"
    fails_with 125 "manifest unknown" image inspect --remote "$registry/team/app:2"
    third=$(digest team/app:3)
    equals "$(ctl image delete "docker://$registry/team/app@$third")" "$third"
    fails_with 125 unknown image delete "docker://$registry/team/app@$third"
}

@test "delete wants docker:// before the name" {
    fails_with 125 "ctl rmi removes it" image delete "$registry/team/app:1"
    fails_with 125 "only images in registries" image delete dir:x
    digest team/app:1
}

@test "referrers from the index under the tag, where the registry has no interface for them" {
    equals "$(ctl image referrers "$registry/team/app:1" | wc -l)" 1
    subject=$(digest team/app:1)
    entry='{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "'$subject'", "size": 7, "artifactType": "text/x"}'
    other=${entry/text\/x/text\/y}
    echo '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": ['"$entry, $other"']}' >index
    curl -fsS -X PUT -H "Content-Type: application/vnd.oci.image.index.v1+json" --data-binary @index \
        "http://$registry/v2/team/app/manifests/sha256-${subject#sha256:}"
    equals "$(ctl image referrers --format '{{.ArtifactType}} {{.Digest}}' "docker://$registry/team/app:1")" "text/x $subject
text/y $subject"
    equals "$(ctl image referrers --artifact-type text/y --format json "$registry/team/app@$subject" | jq -r '.[].artifactType')" text/y
}

@test "referrers from the registry's own interface, page by page" {
    cat >server.py <<'END'
import http.server, json
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def handle(self):
        if self.connection.recv(1, 2) != b"\x16": super().handle()  # no TLS
    def do_HEAD(self): self.do_GET()
    def do_GET(self):
        second = "page=2" in self.path
        entry = {"mediaType": "m", "digest": "sha256:" + ("b" if second else "a") * 64, "size": 1, "artifactType": "t"}
        body = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode() if "/referrers/" in self.path else b"{}"
        self.send_response(200)
        if "/referrers/" in self.path and not second: self.send_header("Link", f'<{self.path}?page=2>; rel="next"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET": self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open("port", "w").write(str(server.server_port))
server.serve_forever()
END
    registry_stop
    python3 server.py >/dev/null 2>&1 </dev/null 3>&- 4>&- &
    registry_pid=$! # the teardown ends it
    eventually test -s port
    equals "$(ctl image referrers --format '{{.Digest}}' "127.0.0.1:$(cat port)/x@sha256:$(printf 'c%.0s' {1..64})" | cut -c8-10 | tr '\n' ' ')" "aaa bbb "
}
