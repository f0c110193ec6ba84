# The same once more, at another moment.
# vm: power cut
load helper

teardown_file() {
    remove_containers
    nothing_left
}

@test "what was synced is there and whole after another power cut" {
    kept_is_there
}

@test "an image that is listed can be run after another power cut" {
    images_work
}

@test "check finds no damage after another power cut, and everything can be removed" {
    ctl system check
    remove_containers
    ctl rmi --all --force >/dev/null
    ctl system prune --force >/dev/null
    equals "$(ctl system check)" ""
    equals "$(find "$HOME/.local/share/ctl/"{layers,images,refs,containers,names,partial,tmp,trash} -mindepth 1 -not -name '.lock*')" ""
}
