# What config-linux.md of the runtime-spec asks for, by bundles. docs/oci-conformance.md has the sentences; what needs root or a
# cgroup is in tests/vm/oci_root.bats.
load helper
load oci

setup() { setup_bundle; }
teardown() {
    [ -z "${holder:-}" ] || kill -KILL "$holder" # the first process of a pid namespace, which hears nothing else
    oci_teardown
}

# says SCRIPT: what the program says that a bundle of this test runs.
says() {
    runs "$1"
    oci run -b b one
}

file_of() { case $1 in network) echo net ;; mount) echo mnt ;; *) echo "$1" ;; esac; }

# ---- namespaces

@test "a namespace without a path is a new one" {
    config '.linux.namespaces += [{type: "time"}]'
    says 'cd /proc/self/ns; for n in *; do echo "$n $(readlink $n)"; done' >said
    for type in user mount pid network ipc uts cgroup time; do
        lacks "$(cat said)" "$(readlink "/proc/self/ns/$(file_of $type)")"
    done
    contains "$(cat said)" "time time:"
}

@test "a namespace that is not listed is the runtime's" {
    config '.linux.namespaces |= map(select(.type == "user" or .type == "mount")) | del(.hostname) | .mounts |= map(select(.type | IN("tmpfs", "devpts") | not))
        | .mounts += [{destination: "/proc", source: "/proc", options: ["rbind"]}] | del(.linux.maskedPaths, .linux.readonlyPaths)'
    says 'cd /proc/self/ns; for n in net pid ipc uts cgroup time; do echo "$n $(readlink $n)"; done' >said
    for n in net pid ipc uts cgroup time; do equals "$(grep "^$n " said)" "$n $(readlink /proc/self/ns/$n)"; done
}

# A process with namespaces of its own, $holder.
hold_namespaces() {
    unshare --user --map-root-user --net --ipc --uts --cgroup --pid --fork sh -c 'hostname held.example; echo ready; exec sleep 1000' >holding &
    local parent=$!
    eventually grep -q ready holding
    holder=$(pgrep -P $parent)
}

@test "the container is in the namespaces whose paths are given" {
    hold_namespaces
    config '.linux.namespaces = [.linux.namespaces[] | if .type | IN("user", "network", "ipc", "uts", "cgroup") then .path = "/proc/\($pid)/ns/\(.type | sub("network"; "net"))" else . end]
        | del(.hostname, .linux.uidMappings, .linux.gidMappings) | .mounts |= map(select(.type != "sysfs"))' --argjson pid "$holder"
    says 'hostname; cd /proc/self/ns; for n in user net ipc uts cgroup mnt pid; do readlink $n; done' >said
    equals "$(head -n 1 said)" held.example
    for n in user net ipc uts cgroup; do contains "$(cat said)" "$(readlink "/proc/$holder/ns/$n")"; done
    for n in mnt pid; do lacks "$(cat said)" "$(readlink "/proc/$holder/ns/$n")"; done
}

@test "a pid namespace that is joined shows its processes" {
    hold_namespaces
    config '.linux.namespaces = [.linux.namespaces[] | if .type | IN("user", "pid") then .path = "/proc/\($pid)/ns/\(.type)" else . end] | del(.linux.uidMappings, .linux.gidMappings)' --argjson pid "$holder"
    contains "$(says 'cat /proc/1/cmdline | tr "\0" " "')" "sleep 1000"
}

@test "the path of a namespace is absolute, and of a namespace of the type" {
    config '.linux.namespaces |= map(if .type == "ipc" then .path = "proc/self/ns/ipc" else . end)'
    refused 'linux.namespaces' create -b b one
    config '.linux.namespaces |= map(if .type == "ipc" then .path = "/proc/self/ns/net" else . end)'
    refused 'linux.namespaces' create -b b one
    config '.linux.namespaces |= map(if .type == "ipc" then .path = "/etc/passwd" else . end)'
    refused '/etc/passwd' create -b b one
    config '.linux.namespaces |= map(if .type == "ipc" then .path = "/nothing" else . end)'
    refused '/nothing' create -b b one
}

@test "a namespace's type is known and there once" {
    config '.linux.namespaces += [{type: "ipc"}]'
    refused 'ipc is there twice' create -b b one
    config '.linux.namespaces = [{}]'
    refused 'linux.namespaces[0].type' create -b b one
}

@test "ids are mapped as the document says" {
    local uid gid
    uid=$(id -u) gid=$(id -g)
    config '.linux.uidMappings = [{containerID: 7, hostID: $uid, size: 1}] | .linux.gidMappings = [{containerID: 8, hostID: $gid, size: 1}] | .process.user = {uid: 7, gid: 8}' --argjson uid "$uid" --argjson gid "$gid"
    equals "$(says 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "')" "$(printf '7\n8\n 7 %s 1\n 8 %s 1' "$uid" "$gid")"
    config '.process.user.uid = 0'
    refused 'user 0 does not exist in the container' create -b b one
}

@test "a map names all of its three numbers, and ids that the caller has" {
    for missing in containerID hostID size; do
        config '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1} | del(.[$missing])]' --arg missing $missing
        refused "linux.uidMappings[0].$missing" create -b b one
    done
    config '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
    refused "" create -b b one
    equals "$status" 1
    equals "$(oci list -q)" ""
}

# ---- devices

@test "every container has the default devices" {
    says 'cd /dev; for d in null zero full random urandom tty; do stat -c "%n %F %t:%T" $d; done; readlink ptmx; echo x >null; head -c 3 zero | wc -c; head -c 4 urandom | wc -c; echo x 2>&1 >full || echo full' >said 2>&1
    local rest='character special file'
    for device in "null $rest 1:3" "zero $rest 1:5" "full $rest 1:7" "random $rest 1:8" "urandom $rest 1:9" "tty $rest 5:0" pts/ptmx; do contains "$(cat said)" "$device"; done
    equals "$(tail -n 1 said)" full
    equals "$(grep -cx '[34]' said)" 2
}

@test "/dev/console is the terminal where there is one, and is not there without" {
    config '.process.terminal = true | .process.args = ["sh", "-c", "[ \"$(stat -c %t:%T /dev/console)\" = \"$(stat -Lc %t:%T /dev/stdin)\" ] && echo the same; sleep 100"] | .process.consoleSize = {height: 33, width: 77}'
    take_console
    oci create -b b --console-socket console one
    oci start one
    wait $!
    contains "$(cat said)" "the same"
    oci delete -f one
    config '.process.terminal = false | del(.process.consoleSize)'
    equals "$(says '[ -e /dev/console ] || echo none')" none
}

@test "devices of the list are there, wherever they are to be" {
    config '.linux.devices = [{path: "/dev/full2", type: "c", major: 1, minor: 7}, {path: "/opt/pipe", type: "p", fileMode: 384}]'
    config '.linux.devices[0].path = "/opt/zero"  | .linux.devices[0].minor = 5 | .linux.devices[0].path = "/dev/zero"'
    equals "$(says 'stat -c "%F" /dev/zero; stat -c "%F %a" /opt/pipe')" "$(printf 'character special file\nfifo 600')"
}

@test "a file that is no such device is an error" {
    touch b/rootfs/tmp/file
    config '.linux.devices = [{path: "/tmp/file", type: "p"}]'
    refused '/tmp/file' create -b b one
    config '.linux.devices = [{path: "/tmp/file", type: "c", major: 1, minor: 3}]'
    refused '/tmp/file' create -b b one
    config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 5}]'
    refused '/dev/null' create -b b one
    [ -f b/rootfs/tmp/file ]
}

@test "a device has a type and a path, and numbers unless it is a fifo" {
    for missing in type path major minor; do
        config '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3} | del(.[$missing])]' --arg missing $missing
        refused "linux.devices[0].$missing" create -b b one
    done
    config '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}]'
    refused 'linux.devices[0].type' create -b b one
}

# ---- what is hidden or changed

@test "masked paths cannot be read, files nor directories" {
    echo secret >b/rootfs/tmp/file
    mkdir b/rootfs/tmp/dir
    touch b/rootfs/tmp/dir/x
    config '.linux.maskedPaths = ["/tmp/file", "/tmp/dir", "/nothing"]'
    equals "$(says 'cat /tmp/file; ls /tmp/dir; touch /tmp/dir/y 2>/dev/null || echo refused')" refused
    config '.linux.maskedPaths = ["tmp/file"]'
    refused 'linux.maskedPaths' create -b b one
}

@test "read-only paths cannot be written, with all below them" {
    mkdir b/rootfs/tmp/dir
    config '.linux.readonlyPaths = ["/tmp/dir", "/proc/sys", "/nothing"] | .mounts += [{destination: "/tmp/dir/below", type: "tmpfs", source: "tmpfs"}]'
    equals "$(says 'for f in /tmp/dir/x /tmp/dir/below/x /proc/sys/kernel/domainname; do (echo x >$f) 2>/dev/null || echo refused; done; touch /tmp/x && echo elsewhere')" "$(printf 'refused\nrefused\nrefused\nelsewhere')"
    config '.linux.readonlyPaths = ["tmp"]'
    refused 'linux.readonlyPaths' create -b b one
}

@test "sysctl sets what is of the container's own namespaces, and nothing else" {
    config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77", "kernel.shm_rmid_forced": "1", "net/ipv4/ip_forward": "1"}'
    equals "$(says 'cd /proc/sys; cat net/ipv4/ip_default_ttl kernel/shm_rmid_forced net/ipv4/ip_forward')" "$(printf '77\n1\n1')"
    config '.linux.sysctl = {"vm.swappiness": "1"}'
    refused 'vm.swappiness' create -b b one
    config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces -= [{type: "network"}]'
    refused 'net.ipv4.ip_forward' create -b b one
}

@test "rootfsPropagation is the root's" {
    runs 'while read -r _ _ _ _ at _ how _; do [ "$at" != / ] || echo "$how"; done </proc/self/mountinfo'
    for word in private unbindable shared slave; do
        config '.linux.rootfsPropagation = $word' --arg word $word
        case $word in private) how=- ;; unbindable) how=unbindable ;; shared) how=shared: ;; slave) how=master: ;; esac
        contains "$(run_as_root 'mount --make-rshared /')" "$how"
    done
    config '.linux.rootfsPropagation = "lunch"'
    refused 'linux.rootfsPropagation' create -b b one
}

@test "personality is the program's" {
    ln -s busybox b/rootfs/bin/uname
    config '.linux.personality = {domain: "LINUX32"}'
    equals "$(says 'uname -m')" "$(setarch linux32 uname -m)"
    config '.linux.personality = {domain: "LINUX"}'
    equals "$(says 'uname -m')" "$(uname -m)"
    config '.linux.personality = {domain: "BSD"}'
    refused 'linux.personality.domain' create -b b one
    config '.linux.personality = {flags: []}'
    refused 'linux.personality.domain' create -b b one
}

@test "intelRdt is an error where it cannot be applied" {
    config '.linux.intelRdt = {closID: "one", l3CacheSchema: "L3:0=1"}'
    refused 'linux.intelRdt' create -b b one
}

@test "time offsets are an error without a time namespace of the container's own" {
    config '.linux.timeOffsets = {boottime: {secs: 1}}'
    refused 'linux.timeOffsets' create -b b one
}

# ---- cgroups

@test "a cgroupsPath that is none is an error" {
    for path in '"a/../b"' '".."' 1; do
        config ".linux.cgroupsPath = $path"
        refused 'linux.cgroupsPath' create -b b one
    done
    config '.linux.cgroupsPath = "/"'
    refused "" create -b b one
    equals "$status" 1
    equals "$(oci list -q)" ""
}

@test "limits are an error where there can be no cgroup" {
    config '.linux.resources = {pids: {limit: 20}}'
    refused linux.resources --cgroup-manager disabled create -b b one
    equals "$status" 1
    contains "$stderr" linux.resources
    config '.linux.resources = {devices: [{access: "rwm"}]}'
    refused 'linux.resources.devices[0].allow' create -b b one
    config '.linux.resources = {hugepageLimits: [{limit: 1}]}'
    refused 'linux.resources.hugepageLimits[0].pageSize' create -b b one
}

# ---- seccomp

# seccomp JQ: the filter has one rule, and allows everything else.
seccomp() { config ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [$1]}"; }

@test "seccomp: the actions of a rule are what happens" {
    ln -s busybox b/rootfs/bin/mkdir
    runs 'mkdir /dev/shm/x 2>&1; echo "$?"'
    for action in SCMP_ACT_ALLOW SCMP_ACT_LOG; do
        seccomp "{names: [\"mkdir\"], action: \"$action\"}"
        equals "$(oci run -b b one)" 0
    done
    seccomp '{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}'
    contains "$(oci run -b b one)" "Operation not permitted"
    seccomp '{names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 5}'
    contains "$(oci run -b b one)" "Input/output error"
    seccomp '{names: ["mkdir"], action: "SCMP_ACT_TRACE"}' # by nobody
    contains "$(oci run -b b one)" "Function not implemented"
    for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
        seccomp "{names: [\"mkdir\"], action: \"$action\"}"
        contains "$(oci run -b b one)" 159 # SIGSYS
    done
}

@test "seccomp: the default action holds for what no rule has" {
    ln -s busybox b/rootfs/bin/mkdir
    runs 'mkdir /dev/shm/x 2>&1; echo end'
    config '.process.noNewPrivileges = true | .linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 5, syscalls: [{names: ($allowed / " "), action: "SCMP_ACT_ALLOW"}]}' \
        --arg allowed "read write open openat close stat fstat newfstatat lstat execve exit exit_group brk mmap munmap mprotect arch_prctl set_tid_address set_robust_list rseq prlimit64 getrandom getuid geteuid getgid getegid getpid getppid rt_sigaction rt_sigprocmask rt_sigreturn ioctl fcntl dup2 wait4 vfork fork clone clone3 access readlink uname prctl getcwd poll lseek futex pread64 umask close_range sendto sendmsg writev"
    equals "$(oci run -b b one)" "$(printf "mkdir: can't create directory '/dev/shm/x': Input/output error\nend")"
}

# kept OP [VALUE]: of the signals 0, 17, 18, 23 and 28 those that kill(2) may send when a rule refuses those for which its
# second argument and 18 (and VALUE) compare.
kept() {
    seccomp "{names: [\"kill\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 1, value: ${3:-18}, valueTwo: ${2:-0}, op: \"SCMP_CMP_$1\"}]}"
    oci run -b b one
}

@test "seccomp: every operator compares an argument" {
    runs 'for s in 0 17 18 23 28; do kill -$s $$ 2>/dev/null && printf "$s "; done; true'
    equals "$(kept NE)" "18 "
    equals "$(kept LT)" "18 23 28 "
    equals "$(kept LE)" "23 28 "
    equals "$(kept EQ)" "0 17 23 28 "
    equals "$(kept GE)" "0 17 "
    equals "$(kept GT)" "0 17 18 "
    equals "$(kept MASKED_EQ 16 28)" "0 23 28 " # those with 16 and without 4 and 8 among their bits
}

@test "seccomp: all of the arguments of a rule must compare" {
    runs 'for s in 0 18; do kill -$s $$ 2>/dev/null && printf "self $s "; kill -$s 1 2>/dev/null && printf "other $s "; done; true'
    config '.process.args[2] = "sh -c '"'"'" + .process.args[2] + "'"'"'; true"'
    seccomp '{names: ["kill"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 1, value: 18, op: "SCMP_CMP_EQ"}]}'
    equals "$(oci run -b b one)" "self 0 other 0 self 18 "
}

@test "seccomp: what is no filter is an error that names the field" {
    seccomp '{names: [], action: "SCMP_ACT_ALLOW"}'
    refused 'linux.seccomp: syscalls[0].names' create -b b one
    seccomp '{names: ["uname"], action: "SCMP_ACT_LUNCH"}'
    refused 'linux.seccomp: syscalls[0].action' create -b b one
    seccomp '{names: ["uname"], action: "SCMP_ACT_ALLOW", errnoRet: 1}'
    refused 'linux.seccomp: syscalls[0].errnoRet' create -b b one
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}'
    refused 'linux.seccomp: defaultErrnoRet' create -b b one
    config '.linux.seccomp = {}'
    refused 'linux.seccomp: defaultAction' create -b b one
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_LUNCH"]}'
    refused 'SCMP_ARCH_LUNCH' create -b b one
    for missing in index value op; do
        seccomp "{names: [\"uname\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 0, value: 1, op: \"SCMP_CMP_EQ\"} | del(.$missing)]}"
        refused "linux.seccomp: syscalls[0].args[0].$missing" create -b b one
    done
}

@test "seccomp: a system call that this machine has not is passed over" {
    seccomp '{names: ["lunch", "mkdir"], action: "SCMP_ACT_ERRNO"}'
    ln -s busybox b/rootfs/bin/mkdir
    contains "$(says 'mkdir /dev/shm/x 2>&1')" "not permitted"
}
