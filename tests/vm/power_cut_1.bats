# What runs when the power is cut; power_cut_2.bats looks for it after the next boot.
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/debian-nginx.tar" >/dev/null
    ctl tag localhost/debian-nginx nginx
}

@test "a container with a limit and a port is running, and one has ended" {
    ctl run --name over nginx sh -c 'exit 3' || equals "$?" 3
    ctl run -d --name web --cpus=0.5 -p 8080:80 nginx
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
}
