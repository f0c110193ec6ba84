# The main job: a web server of the ecosystem's, from a registry, published, looked at, stopped.
load helper
source "$BATS_TEST_DIRNAME/../fixtures/registry.sh"
setup() {
    ctl_setup
    need userns overlay registry
}

@test "nginx is pulled, serves, is looked at, and goes" {
    local port
    port=$(free_port)
    registry_start "$T/registry"
    registry_push "$(fixture debian-nginx)/layout" library/nginx:latest
    ctl pull "$registry/library/nginx"
    ctl tag "$registry/library/nginx" nginx
    ctl run -d --name web -p "$port:80" nginx
    eventually curl -fsS --noproxy '*' "http://127.0.0.1:$port"
    contains "$(curl -fsS --noproxy '*' "http://127.0.0.1:$port")" "Welcome to nginx!"
    contains "$(ctl ps)" web
    eventually bash -c '"$CTL" logs web 2>&1 | grep -q "GET / HTTP"'
    equals "$(ctl exec web whoami)" root
    [ -d "/proc/$(ctl inspect -f '{{.State.Pid}}' web)" ]
    contains "$(ctl exec web ps)" www-data
    ctl stop web
    equals "$(ctl inspect -f '{{.State.ExitCode}}' web)" 0 # SIGQUIT, its stop signal, lets it end by itself
    ctl rm web
    equals "$(ctl ps --all --quiet)" ""
}
