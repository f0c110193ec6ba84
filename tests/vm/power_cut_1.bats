# What runs when the power is cut; power_cut_2.bats looks for it after the next boot.
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/debian-nginx.tar" >/dev/null
    ctl tag localhost/debian-nginx nginx
}

@test "containers with a limit and a port, with --rm, and one that has ended" {
    ctl run --name over nginx sh -c 'exit 3' || equals "$?" 3
    ctl run -d --rm --name gone nginx sleep 4321
    ctl run -d --name web --cpus=0.5 -p 8080:80 nginx
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
}
