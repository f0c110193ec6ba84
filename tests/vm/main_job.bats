# The main job of README.md: an ordinary user runs nginx with a CPU limit.
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/debian-nginx.tar" >/dev/null
    ctl tag localhost/debian-nginx nginx
}

teardown() {
    remove_containers
    nothing_left
}

serves() { curl -fsS --noproxy '*' http://127.0.0.1:8080; }

@test "nginx is run, reached, looked at, stopped and removed, and nothing is left" {
    run ctl run -d --name web --cpus=0.5 -p 8080:80 nginx
    echo "$output"
    equals "$status" 0
    eventually serves
    contains "$(serves)" "Welcome to nginx!"

    contains "$(ctl ps)" web
    contains "$(ctl ps)" "0.0.0.0:8080->80/tcp"
    contains "$(ctl logs web)" '"GET / HTTP/1.1" 200'
    equals "$(ctl exec web whoami)" root
    equals "$(cat "$(cgroup_of web)/cpu.max")" "50000 100000"

    ctl stop web
    equals "$(ctl inspect -f '{{.State.Status}}' web)" exited
    ctl rm web
    equals "$(ctl ps --all --quiet)" ""
    run serves
    equals "$status" 7 # nobody listens
}

@test "it outlives the command and the session that started it" {
    systemd-run --quiet --user --pipe --wait "$CTL" run -d --name web --cpus=0.5 -p 8080:80 nginx
    eventually serves
    ctl rm --force web
}
