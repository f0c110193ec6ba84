# shellcheck shell=bash
# What setup and test share: packages, building, and who the unprivileged user is. To be sourced from .ci/.
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# To build: the compiler and the libraries of docs/architecture.md. To run: the setuid helpers. The rest is for the show
# case (an image and a registry of our own) and the tests.
packages_build=(g++ meson ninja-build pkg-config python3 libcli11-dev nlohmann-json3-dev libseccomp-dev libcap-dev
    libcurl4-openssl-dev libssl-dev libarchive-dev libzstd-dev libisal-dev zlib1g-dev libtoml11-dev libyaml-cpp-dev libsystemd-dev libfuse3-dev libgpgme-dev doctest-dev)
packages_run=(uidmap ca-certificates)
packages_show=(busybox-static curl jq mmdebstrap procps util-linux)
packages_test=(acl attr bats bind9-dnsutils binutils clang crun git gnupg gpgv iperf3 libclang-rt-dev netcat-openbsd
    nghttp2-client nghttp2-server openssh-client openssh-server runc runsc strace universal-ctags zstd)
packages_vm=(e2fsprogs qemu-system-x86)

# How what is installed, shown and measured is built: as the tests build it, with warnings that stop nobody.
# shellcheck disable=SC2034 # for those who source this
install_options=(-Doptimization=2 -Ddebug=false -Dwerror=false -Dprefix=/usr/local -Dlibexecdir=libexec -Dtests=false)

say() { printf '\n== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs what is missing of the packages, and asks for root only then.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${db:Status-Abbrev}\n' "$name" 2>/dev/null | grep -q '^.i' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    as_root apt-get update -q </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" </dev/null
}

# build DIR OPTIONS...: a build directory below the source root.
build() {
    local dir=$source_root/$1
    shift
    if [ -e "$dir/build.ninja" ]; then meson configure "$dir" "$@" >/dev/null; else meson setup "$dir" "$source_root" "$@"; fi
    ninja -C "$dir"
}

# as_user USER COMMAND...: from root, with that user's clean environment, and the user's systemd in reach where it runs.
as_user() {
    local user=$1 home runtime session=()
    shift
    home=$(getent passwd "$user" | cut -d: -f6)
    runtime=/run/user/$(id -u "$user")
    [ ! -d "$runtime" ] || session=(XDG_RUNTIME_DIR="$runtime" DBUS_SESSION_BUS_ADDRESS="unix:path=$runtime/bus")
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i HOME="$home" USER="$user" LOGNAME="$user" \
        LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin "${session[@]}" "$@"
}
