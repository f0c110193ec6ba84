# What runs when the machine is shut down; shut_down_2.bats looks for it after the next boot.
load helper

setup_file() {
    ctl load --quiet --input "$IMAGES/busybox.tar" >/dev/null
    ctl load --quiet --input "$IMAGES/debian-nginx.tar" >/dev/null
}

@test "a container that ends when asked, and one that does not, with limits and without" {
    ctl run -d --name web --cpus=0.5 -p 8080:80 localhost/debian-nginx
    ctl run -d --name free localhost/debian-nginx
    ctl run -d --name deaf --cpus=0.5 --stop-timeout 1 localhost/busybox sleep 4321
    ctl run -d --name deaf-and-free --stop-timeout 1 localhost/busybox sleep 4321
    eventually curl -fsS --noproxy '*' http://127.0.0.1:8080
}

@test "transient containers, one that runs and one that was made, beside a store that stays" {
    ctl --transient-store run -d --name fleeting -v /data -v kept:/kept localhost/busybox sh -c 'echo said >/kept/file; sleep 4321'
    ctl --transient-store create --name fleeting-too localhost/busybox true
    eventually eval "[ -s \"\$(ctl volume inspect -f '{{.Mountpoint}}' kept)/file\" ]"
    equals "$(ctl volume ls --quiet | wc -l)" 2
}
