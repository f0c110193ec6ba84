# What config.md of the runtime-spec asks for, by bundles. docs/oci-conformance.md has the sentences.
load helper
load oci

setup() { setup_bundle; }
teardown() { oci_teardown; }

# says SCRIPT: what the program says that a bundle of this test runs.
says() {
    runs "$1"
    oci run -b b one
}

# ---- the document

@test "ociVersion is a version in the form of SemVer, and one that is known" {
    for version in '"1.2"' '"1.2.0.1"' '"v1.2.0"' '"2.0.0"' '""' 'null'; do
        config ".ociVersion = $version"
        refused 'ociVersion' create -b b one
    done
    config '.ociVersion = "1.0.2-dev"'
    equals "$(says 'echo ran')" ran
}

@test "unknown members are ignored wherever they stand" {
    config '.lunch = {a: [1]} | .process.lunch = true | .root.lunch = 1 | .linux.lunch = "x" | .process.user.lunch = null | .annotations = {"org.opencontainers.lunch": "x"}'
    equals "$(says 'echo ran')" ran
}

@test "annotations are strings by keys that are not empty" {
    for annotations in '{"a": 1}' '{"": "x"}' '["a"]'; do
        config ".annotations = $annotations"
        refused 'annotations' create -b b one
    done
    config '.annotations = {"org.example.empty": ""}'
    equals "$(says 'echo ran')" ran
}

# ---- root

@test "root.path counts from the bundle or is absolute, and is a directory" {
    mkdir elsewhere
    mv b/rootfs elsewhere/root
    config '.root.path = "../elsewhere/root"'
    equals "$(says 'echo relative')" relative
    config '.root.path = $path' --arg path "$T/elsewhere/root"
    equals "$(says 'echo absolute')" absolute
    touch file
    config '.root.path = "../file"'
    refused 'root.path' create -b b one
    config '.root.path = "rootfs"'
    refused 'root.path' create -b b one
}

@test "root.readonly has the root read-only, and it is not without" {
    config '.root.readonly = true'
    equals "$(says 'touch /x 2>/dev/null || echo refused; touch /dev/shm/x && echo mounts are not')" "$(printf 'refused\nmounts are not')"
    config 'del(.root.readonly)'
    equals "$(says 'touch /x && echo written')" written
}

# ---- mounts

@test "mounts are made in the order of the list" {
    echo text >b/file
    config '.mounts += [{destination: "/m", type: "tmpfs", source: "tmpfs"}, {destination: "/m/file", source: "file", options: ["bind"]}]'
    equals "$(says 'cat /m/file')" text
    config '.mounts = .mounts[:-2] + [.mounts[-1], .mounts[-2]]'
    equals "$(says 'ls /m | wc -l')" 0
}

@test "a destination that is relative counts from the root" {
    config '.mounts += [{destination: "m/n", type: "tmpfs", source: "tmpfs"}] | .process.cwd = "/tmp"'
    equals "$(says 'stat -f -c %T /m/n')" tmpfs
}

@test "bind shows one mount and rbind all below it" {
    mkdir -p tree/sub
    runs 'ls /tree/sub'
    config '.mounts += [{destination: "/tree", type: "none", source: ($t + "/tree"), options: ["bind"]}]' --arg t "$T"
    local below='mount -t tmpfs none tree/sub && touch tree/sub/below'
    equals "$(run_as_root "$below")" ""
    config '.mounts[-1].options = ["rbind"]'
    equals "$(run_as_root "$below")" below
}

# What mountinfo(5) says of a mount: its own options and those of the file system.
options_of() { awk -v at="$1" '$5 == at { print $6 "," $NF ","; exit }' mountinfo; }

# mounts_with JQ WORD...: one mount for each word, at /m/WORD, as the jq expression says; ./mountinfo is the container's.
mounts_with() {
    local mount=$1
    shift
    config ".mounts += [\$ARGS.positional[] | $mount]" --args "$@"
    says 'cat /proc/self/mountinfo' >mountinfo
}

@test "the options of a mount that say no are set" {
    mounts_with '{destination: ("/m/" + .), type: "tmpfs", source: "tmpfs", options: [.]}' ro nosuid nodev noexec noatime nodiratime sync dirsync lazytime
    for word in ro nosuid nodev noexec noatime nodiratime sync dirsync lazytime; do contains ",$(options_of /m/$word)" ",$word,"; done
}

@test "the options of a mount that say yes take back what came before" {
    local words=(rw:ro suid:nosuid dev:nodev exec:noexec atime:noatime diratime:nodiratime relatime:noatime async:sync nolazytime:lazytime)
    mounts_with '(. / ":") as $w | {destination: ("/m/" + $w[0]), type: "tmpfs", source: "tmpfs", options: [$w[1], $w[0]]}' "${words[@]}"
    for word in "${words[@]}"; do
        [ -n "$(options_of "/m/${word%:*}")" ]
        lacks ",$(options_of "/m/${word%:*}")" ",${word#*:},"
    done
}

@test "strictatime is the absence of relatime, and nostrictatime and norelatime are what there is without" {
    mounts_with '{destination: ("/m/" + .), type: "tmpfs", source: "tmpfs", options: [.]}' strictatime nostrictatime norelatime
    lacks "$(options_of /m/strictatime)" atime
    contains "$(options_of /m/nostrictatime)" relatime
    contains "$(options_of /m/norelatime)" relatime
}

@test "options that change nothing that can be seen are taken all the same" {
    mounts_with '{destination: ("/m/" + .), type: "tmpfs", source: "tmpfs", options: [.]}' defaults loud silent iversion noiversion
    for word in defaults loud silent iversion noiversion; do contains "$(options_of /m/$word)" rw; done
}

@test "a bind has the options of its own, and takes those of the file system without effect" {
    mkdir b/dir
    config '.mounts += [$ARGS.positional[] | {destination: ("/m/" + .), source: "dir", options: ["bind", .]}]' --args ro nosuid nodev noexec noatime nodiratime \
        async atime defaults dev diratime dirsync exec iversion lazytime loud noiversion nolazytime norelatime nostrictatime relatime rw silent strictatime suid sync
    runs 'cat /proc/self/mountinfo'
    run_as_root 'mount -t tmpfs none b/dir' >mountinfo # the times of the host's mounts are not an ordinary user's to change
    for word in ro nosuid nodev noexec noatime nodiratime async silent sync; do [ -n "$(options_of /m/$word)" ]; done
    for word in ro nosuid nodev noexec noatime nodiratime; do contains ",$(options_of /m/$word)" ",$word,"; done
}

@test "remount changes the options of what is mounted there" {
    config '.mounts += [{destination: "/m", type: "tmpfs", source: "tmpfs", options: ["nosuid"]}, {destination: "/m/f", source: "config.json", options: ["bind"]},
        {destination: "/m", type: "tmpfs", source: "tmpfs", options: ["remount", "ro", "noexec"]}]'
    says 'cat /proc/self/mountinfo; cat /m/f' >mountinfo
    equals "$(awk '$5 == "/m"' mountinfo | wc -l)" 1
    for word in ro noexec; do contains ",$(options_of /m)" ",$word,"; done
    contains "$(cat mountinfo)" ociVersion
    config '.mounts[-1].destination = "/bin"'
    run_oci run -b b one
    equals "$status" 1
    contains "$stderr" /bin
}

# What mountinfo(5) says of a mount's propagation.
propagation_of() { awk -v at="$1" '$5 == at { print $7; exit }' mountinfo; }

@test "the propagation of a mount is what its options say" {
    mkdir -p b/dir
    config '.linux.rootfsPropagation = "slave"
        | .mounts += [("private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable") | {destination: ("/m/" + .), source: "dir", options: ["rbind", .]}]'
    runs 'cat /proc/self/mountinfo'
    run_as_root 'mount -t tmpfs none b/dir && mount --make-shared b/dir' >mountinfo
    for word in private rprivate; do equals "$(propagation_of /m/$word)" -; done
    for word in shared rshared; do contains "$(propagation_of /m/$word)" shared:; done
    for word in slave rslave; do contains "$(propagation_of /m/$word)" master:; done
    for word in unbindable runbindable; do equals "$(propagation_of /m/$word)" unbindable; done
}

@test "what no option is goes to the file system" {
    config '.mounts += [{destination: "/m", type: "tmpfs", source: "tmpfs", options: ["mode=0751", "size=64k"]}]'
    equals "$(says 'stat -c %a /m; stat -f -c "%b %S" /m')" "$(printf '751\n16 4096')"
    config '.mounts[-1].options = ["lunch=1"]'
    refused '/m' create -b b one
}

# ---- process

@test "consoleSize is ignored without a terminal" {
    config '.process.consoleSize = {height: "none"}'
    equals "$(says 'echo ran')" ran
}

@test "cwd is the program's directory, and absolute" {
    config '.process.cwd = "/tmp"'
    equals "$(says 'readlink /proc/self/cwd')" /tmp
    for cwd in '"tmp"' '""' null; do
        config ".process.cwd = $cwd"
        refused 'process.cwd' create -b b one
    done
}

@test "env is all that the program has of variables" {
    config '.process.env = ["A=b c", "PATH=/bin", "EMPTY="] | .process.args = ["env"]'
    equals "$(OUTSIDE=x oci run -b b one | sort)" "$(printf 'A=b c\nEMPTY=\nPATH=/bin')"
}

@test "args[0] is looked for along the container's PATH and is the program's name" {
    mkdir b/rootfs/opt
    ln -s ../bin/busybox b/rootfs/opt/cat
    config '.process.env = ["PATH=/nothing:/opt"] | .process.args = ["cat", "/proc/self/cmdline"]'
    equals "$(oci run -b b one | tr '\0' ' ')" "cat /proc/self/cmdline "
    config '.process.args = []'
    refused 'process.args' create -b b one
}

@test "rlimits are the program's, soft and hard" {
    config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 40, hard: 50}, {type: "RLIMIT_CORE", soft: 0, hard: 4096}]'
    equals "$(says 'grep -E "open files|core file" /proc/self/limits | tr -s " "')" "$(printf 'Max core file size 0 4096 bytes \nMax open files 40 50 files ')"
}

@test "an rlimit that is unknown, there twice or impossible is an error" {
    config '.process.rlimits = [{type: "RLIMIT_LUNCH", soft: 1, hard: 1}]'
    refused 'RLIMIT_LUNCH' create -b b one
    config '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 1, hard: 1}]'
    refused 'RLIMIT_CORE is there twice' create -b b one
    config '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1}]'
    refused 'process.rlimits[0].hard' create -b b one
    config '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
    refused 'process.rlimits[0].soft' create -b b one
}

@test "each set of capabilities is what the document says" {
    config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_FOWNER"], effective: ["CAP_CHOWN"], permitted: ["CAP_CHOWN", "CAP_KILL"], inheritable: ["CAP_KILL", "CAP_CHOWN"], ambient: ["CAP_CHOWN"]}
        | .process.user = {uid: 0, gid: 0}'
    config '.process.noNewPrivileges = true | .process.args = ["cat", "/proc/self/status"]'
    # An ordinary user's program has only what is ambient: execve(2) takes the rest from one that is not root.
    oci run -b b one >status
    equals "$(grep ^CapBnd status)" "$(printf 'CapBnd:\t0000000000000029')"
    equals "$(grep ^CapInh status)" "$(printf 'CapInh:\t0000000000000021')"
    equals "$(grep ^CapAmb status)" "$(printf 'CapAmb:\t0000000000000001')"
    config '.process.user = {uid: 1, gid: 1} | del(.linux.uidMappings, .linux.gidMappings)'
    oci run -b b one >status
    equals "$(grep ^CapPrm status)" "$(printf 'CapPrm:\t0000000000000001')"
    equals "$(grep ^CapEff status)" "$(printf 'CapEff:\t0000000000000001')"
}

@test "a capability that cannot be granted is a warning" {
    runs 'grep CapEff /proc/self/status'
    config '.process.capabilities = {bounding: ["CAP_KILL"], effective: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL", "CAP_FOWNER"]}'
    run_oci run -b b one
    equals "$status" 0
    equals "$output" "$(printf 'CapEff:\t0000000000000020')"
    contains "$stderr" 'warning: process.capabilities: CAP_CHOWN cannot be effective'
    contains "$stderr" 'warning: process.capabilities: CAP_FOWNER cannot be ambient'
}

@test "a capability that the caller has not herself is a warning" {
    runs 'grep CapBnd /proc/self/status'
    config '.process.capabilities = {bounding: ["CAP_KILL", "CAP_SYS_TIME"], effective: ["CAP_SYS_TIME"], permitted: ["CAP_SYS_TIME"]}'
    run_as_root 'exec setpriv --bounding-set -sys_time "$0" oci run -b b one' >said 2>warned
    equals "$(cat said)" "$(printf 'CapBnd:\t0000000000000020')"
    contains "$(cat warned)" 'CAP_SYS_TIME cannot be in the bounding set'
    contains "$(cat warned)" 'CAP_SYS_TIME cannot be permitted'
}

@test "noNewPrivileges is the program's" {
    config '.process.noNewPrivileges = true'
    equals "$(says 'grep -o "NoNewPrivs.*" /proc/self/status')" "$(printf 'NoNewPrivs:\t1')"
    config 'del(.process.noNewPrivileges)'
    equals "$(says 'grep -o "NoNewPrivs.*" /proc/self/status')" "$(printf 'NoNewPrivs:\t0')"
}

@test "oom_score_adj is what the document says, and the caller's without" {
    echo 200 >/proc/self/oom_score_adj
    equals "$(says 'cat /proc/self/oom_score_adj')" 200
    config '.process.oomScoreAdj = 345'
    equals "$(says 'cat /proc/self/oom_score_adj')" 345
}

@test "an oom_score_adj that is not an ordinary user's to set is an error that says so" {
    echo 200 >/proc/self/oom_score_adj
    config '.process.oomScoreAdj = -500'
    refused 'process.oomScoreAdj: -500: Permission denied (ours is 200' create -b b one
}

@test "scheduler and ioPriority are the program's" {
    ln -s busybox b/rootfs/bin/ionice
    config '.process.scheduler = {policy: "SCHED_BATCH", nice: 7} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
    equals "$(says 'set -- $(cat /proc/self/stat); echo "${19} ${41}"; ionice -p 1')" "$(printf '7 3\nbest-effort: prio 6')"
    config '.process.scheduler = {policy: "SCHED_LUNCH"}'
    refused 'process.scheduler.policy' create -b b one
    config 'del(.process.scheduler) | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
    refused 'process.ioPriority.priority' create -b b one
}

@test "execCPUAffinity is for exec, not for the container's own program" {
    local all
    all=$(grep Cpus_allowed_list /proc/self/status)
    config '.process.execCPUAffinity = {initial: "0", final: "0"}'
    oci run -d -b b one
    equals "$(grep Cpus_allowed_list "/proc/$(oci state one | jq .pid)/status")" "$all"
    equals "$(oci exec one grep Cpus_allowed_list /proc/self/status)" "$(printf 'Cpus_allowed_list:\t0')"
}

@test "uid, gid, additionalGids and umask are the program's" {
    config 'del(.linux.uidMappings, .linux.gidMappings) | .process.user = {uid: 1000, gid: 1001, additionalGids: [5, 6], umask: 63}'
    equals "$(says 'id -u; id -g; id -G; touch /dev/shm/x; umask')" "$(printf '1000\n1001\n1001 5 6\n0077')"
    config 'del(.process.user.gid)'
    refused 'process.user.gid' create -b b one
}

# ---- hostname and domainname

@test "hostname and domainname are those of a uts namespace of the container's" {
    config '.hostname = "inside.example" | .domainname = "domain.example"'
    equals "$(says 'hostname; cat /proc/sys/kernel/domainname')" "$(printf 'inside.example\ndomain.example')"
    config '.linux.namespaces -= [{type: "uts"}] | del(.domainname)'
    refused 'hostname' create -b b one
    config '.domainname = "x" | del(.hostname)'
    refused 'domainname' create -b b one
}

# ---- hooks

# hooks KIND SCRIPT...: hooks of a kind that each run a script, with what they say in ./said.
hooks() {
    local kind=$1
    shift
    config '.hooks[$kind] = [$ARGS.positional[] | {path: "/bin/sh", args: ["sh", "-c", .], env: ["PATH=/usr/bin:/bin", "SAID=" + $said]}]' --arg kind "$kind" --arg said "$T/said" --args "$@"
}

@test "hooks of a kind run in the listed order" {
    hooks createRuntime 'echo 1 >>$SAID' 'sleep 0.1; echo 2 >>$SAID' 'echo 3 >>$SAID'
    oci create -b b one
    equals "$(cat said)" "$(printf '1\n2\n3')"
}

@test "a hook's path is absolute and its timeout more than nothing" {
    for kind in prestart createRuntime createContainer startContainer poststart poststop; do
        config '.hooks = {($kind): [{path: "bin/true"}]}' --arg kind $kind
        refused "hooks.${kind}[0].path" create -b b one
        config '.hooks = {($kind): [{path: "/bin/true", timeout: 0}]}' --arg kind $kind
        refused "hooks.${kind}[0].timeout" create -b b one
    done
    config '.hooks = {poststop: [{args: ["true"]}]}'
    refused "hooks.poststop[0].path" create -b b one
}

@test "a hook has the arguments and variables that are its own" {
    config '.hooks = {createRuntime: [{path: "/usr/bin/env", env: ["ONLY=this"]}, {path: "/bin/sh", args: ["name", "-c", "echo $0"]}]}'
    OUTSIDE=x oci create -b b one >said
    equals "$(cat said)" "$(printf 'ONLY=this\nname')"
}

@test "prestart, createRuntime, poststart and poststop hooks run where the runtime is, the others in the container" {
    mkdir -p b/rootfs/lib b/rootfs/lib64 b/rootfs/usr/bin
    for kind in prestart createRuntime createContainer startContainer poststart poststop; do hooks $kind "echo $kind \$(readlink /proc/self/ns/mnt) \$(readlink /proc/self/ns/net)"; done
    config '.hooks.startContainer[0].path = "/bin/sh" | .hooks.startContainer[0].env = ["PATH=/bin"]'
    { oci create -b b one && oci start one && oci exec one sh -c 'echo inside $(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/net)' && oci delete -f one; } >said
    places() { sed -n "s/^$1 //p" said; }
    local outside
    outside="$(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/net)"
    for kind in prestart createRuntime poststart poststop; do equals "$(places $kind)" "$outside"; done
    for kind in createContainer startContainer; do equals "$(places $kind)" "$(places inside)"; done
    lacks "$(places inside)" "$outside"
}

@test "the paths of hooks before start are the runtime's, also of those that run in the container" {
    echo 'echo found >>$1' >host-only
    config '.hooks = {prestart: $h, createRuntime: $h, createContainer: $h}' --argjson h "[{\"path\": \"/bin/sh\", \"args\": [\"sh\", \"$T/host-only\", \"$T/said\"]}]"
    oci create -b b one
    equals "$(cat said)" "$(printf 'found\nfound\nfound')"
}

@test "poststart hooks have run when start returns, and after the program has begun" {
    runs 'touch /tmp/begun; sleep 100'
    hooks poststart "for i in \$(seq 50); do [ -e $T/b/rootfs/tmp/begun ] && break; sleep 0.1; done; ls $T/b/rootfs/tmp >\$SAID"
    oci create -b b one
    [ ! -e said ]
    oci start one
    equals "$(cat said)" begun
}

@test "poststop hooks run when the container is deleted, before delete returns" {
    hooks poststop "$CTL oci list -q >\$SAID; echo after >>\$SAID"
    config '.hooks.poststop[0].env += ["XDG_RUNTIME_DIR=" + $d]' --arg d "$XDG_RUNTIME_DIR"
    oci run -d -b b one
    oci kill one KILL
    eventually is_stopped one
    [ ! -e said ]
    oci delete one
    equals "$(cat said)" after
}

is_stopped() { [ "$(status_of "$1")" = stopped ]; }
