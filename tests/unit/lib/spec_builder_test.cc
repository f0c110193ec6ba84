#include "lib/spec_builder.h"

#include "base/error.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

using lib::CreateRequest;
using Words = std::vector<std::string>;

namespace {

/// An image that has a command, and everything else by default.
oci::ImageConfig plain_image() {
    oci::ImageConfig image;
    image.cmd = Words{"serve"};
    return image;
}

oci::RuntimeSpec build(const CreateRequest& request, const oci::ImageConfig& image = plain_image(), std::uint32_t uid = 0,
                       std::vector<oci::Mount> mounts = {}) {
    const rootless::IdMaps maps{{{0, 1000, 1}, {1, 100000, 65536}}, {{0, 1001, 1}, {1, 200000, 65536}}};
    lib::ResolvedUser user;
    user.uid = uid;
    user.home = uid == 0 ? "/root" : "/home/app";
    const lib::NamespaceModes modes{{"network", lib::parse_namespace_mode("network", request.network)},
                                    {"pid", lib::parse_namespace_mode("pid", request.pid)},
                                    {"ipc", lib::parse_namespace_mode("ipc", request.ipc)},
                                    {"uts", lib::parse_namespace_mode("uts", request.uts)},
                                    {"cgroup", lib::parse_namespace_mode("cgroupns", request.cgroupns)}};
    return lib::build_spec({request, image, maps, user, std::string(64, 'a'), "box", "/containers/x", std::move(mounts), modes,
                            {{"hosts", "/etc/hosts", true}, {"hostname", "/etc/hostname", false}, {"resolv.conf", "/etc/resolv.conf", true}}, ""});
}

std::string error_of(const CreateRequest& request, const oci::ImageConfig& image = plain_image()) {
    try {
        (void)build(request, image);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

template <class Change>
CreateRequest request_with(Change change) {
    CreateRequest request;
    change(request);
    return request;
}

const oci::Mount* find_mount(const oci::RuntimeSpec& spec, const std::string& destination) {
    const auto found = std::find_if(spec.mounts.begin(), spec.mounts.end(), [&](const auto& m) { return m.destination == destination; });
    return found == spec.mounts.end() ? nullptr : &*found;
}

Words sorted(Words words) {
    std::sort(words.begin(), words.end());
    return words;
}

bool has(const Words& words, const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); }

} // namespace

TEST_CASE("root of a default container has Podman's eleven capabilities, and nothing to inherit") {
    const oci::Capabilities caps = build({}).process.capabilities;
    const Words eleven{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
                       "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"};
    CHECK(sorted(caps.bounding) == eleven);
    CHECK(sorted(caps.effective) == eleven);
    CHECK(sorted(caps.permitted) == eleven);
    CHECK(caps.inheritable.empty());
    CHECK(caps.ambient.empty());
}

TEST_CASE("another user has only what was added by name") {
    const oci::Capabilities none = build({}, plain_image(), 1000).process.capabilities;
    CHECK(none.bounding.size() == 11);
    CHECK(none.effective.empty());
    CHECK(none.permitted.empty());
    const CreateRequest request = request_with([](auto& r) { r.cap_add = {"net_raw"}; });
    const oci::Capabilities one = build(request, plain_image(), 1000).process.capabilities;
    for (const Words* set : {&one.effective, &one.permitted, &one.inheritable, &one.ambient}) CHECK(*set == Words{"CAP_NET_RAW"});
    CHECK(one.bounding.size() == 12);
}

TEST_CASE("what Podman and Docker mask is masked, and what they write-protect is protected or masked") {
    const oci::RuntimeSpec spec = build({});
    for (const char* path : {"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
                             "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux",
                             "/proc/interrupts", "/proc/asound"})
        CHECK_MESSAGE(has(spec.masked_paths, path), path);
    for (const char* path : {"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"})
        CHECK_MESSAGE((has(spec.readonly_paths, path) || has(spec.masked_paths, path)), path);
}

TEST_CASE("the default mounts, in an order in which none hides another") {
    struct Expected {
        const char* destination;
        const char* type;
        Words options;
    };
    const Expected expected[] = {
        {"/proc", "proc", {"nosuid", "noexec", "nodev"}},
        {"/dev", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
        {"/sys", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
        {"/dev/pts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
        {"/dev/mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
        {"/dev/shm", "tmpfs", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
        {"/etc/hosts", "bind", {"bind", "rprivate"}},
        {"/etc/hostname", "bind", {"bind", "rprivate"}},
        {"/etc/resolv.conf", "bind", {"bind", "rprivate"}},
        {"/sys/fs/cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"}},
        {"/run/.containerenv", "bind", {"bind", "rprivate", "ro"}}};
    const oci::RuntimeSpec spec = build({});
    REQUIRE(spec.mounts.size() == std::size(expected));
    for (std::size_t i = 0; i < std::size(expected); ++i) {
        CHECK(spec.mounts[i].destination == expected[i].destination);
        CHECK(spec.mounts[i].type == expected[i].type);
        CHECK_MESSAGE(spec.mounts[i].options == expected[i].options, expected[i].destination);
    }
    CHECK(find_mount(spec, "/etc/hosts")->source == "/containers/x/hosts");
}

TEST_CASE("what tells that this is a container goes over a tmpfs on /run, and into no directory of the user's") {
    CHECK(build({}, plain_image(), 0, {{"/run", "tmpfs", "tmpfs", {}}}).mounts.back().destination == "/run/.containerenv");
    CHECK(find_mount(build({}, plain_image(), 0, {{"/run", "bind", "/mine", {}}}), "/run/.containerenv") == nullptr);
}

TEST_CASE("the user's mounts come after what is above them, and one on /etc/hosts replaces ours") {
    const oci::RuntimeSpec spec = build({}, plain_image(), 0, {{"/etc/hosts", "bind", "/mine", {"rbind"}}, {"/x", "tmpfs", "tmpfs", {}}});
    const auto place = [&](const char* destination) { return find_mount(spec, destination) - spec.mounts.data(); };
    CHECK(place("/x") > place("/dev"));
    CHECK(place("/x") < place("/dev/pts"));
    CHECK(find_mount(spec, "/etc/hosts")->source == "/mine");
    CHECK(std::count_if(spec.mounts.begin(), spec.mounts.end(), [](const auto& m) { return m.destination == "/etc/hosts"; }) == 1);
    CHECK(find_mount(spec, "/etc/hostname") != nullptr);
}

TEST_CASE("the user's /dev takes the place of ours, and below the user's /etc our files are put if they can be") {
    const oci::RuntimeSpec spec = build({}, plain_image(), 0, {{"/dev", "bind", "/dev", {"rbind"}}, {"/etc", "bind", "/etc", {"ro"}}});
    CHECK(find_mount(spec, "/dev")->type == "bind");
    CHECK(find_mount(spec, "/dev/shm") > find_mount(spec, "/dev"));
    CHECK(find_mount(spec, "/etc/hosts") > find_mount(spec, "/etc"));
    CHECK(has(find_mount(spec, "/etc/hosts")->options, "nofail"));
    CHECK_FALSE(has(find_mount(build({}), "/etc/hosts")->options, "nofail"));
}

TEST_CASE("with --read-only-tmpfs=false /dev and /dev/shm are read-only too") {
    const auto made = [](bool read_only, bool in_memory) {
        return build(request_with([&](auto& r) {
            r.read_only = read_only;
            r.read_only_tmpfs = in_memory;
        }));
    };
    for (const char* path : {"/dev", "/dev/shm"}) {
        CHECK(has(find_mount(made(true, false), path)->options, "ro"));
        CHECK_FALSE(has(find_mount(made(true, true), path)->options, "ro"));
        CHECK_FALSE(has(find_mount(made(false, false), path)->options, "ro"));
    }
}

TEST_CASE("namespaces, sysctl and /sys follow the network") {
    const oci::RuntimeSpec own = build({}), host = build(request_with([](auto& r) { r.network = "host"; }));
    for (const char* type : {"user", "mount", "pid", "ipc", "uts", "cgroup"}) CHECK((own.has_namespace(type) && host.has_namespace(type)));
    CHECK(own.has_namespace("network"));
    CHECK_FALSE(host.has_namespace("network"));
    CHECK(own.sysctl == std::vector<std::pair<std::string, std::string>>{{"net.ipv4.ping_group_range", "0 0"}});
    CHECK(host.sysctl.empty());
    CHECK(find_mount(host, "/sys")->type == "bind");
    CHECK(has(find_mount(host, "/sys")->options, "ro"));
}

TEST_CASE("a namespace of the host's has no entry, and what shows it is the host's mount") {
    const oci::RuntimeSpec spec = build(request_with([](auto& r) { r.pid = r.uts = r.cgroupns = "host"; }));
    for (const char* type : {"pid", "uts", "cgroup"}) CHECK_FALSE(spec.has_namespace(type));
    CHECK(spec.hostname.empty());
    CHECK(find_mount(spec, "/proc")->type == "bind");
    CHECK(find_mount(spec, "/sys/fs/cgroup")->type == "bind");
    CHECK(has(find_mount(spec, "/sys/fs/cgroup")->options, "ro"));
    CHECK(build({}).hostname == "box");
    CHECK(find_mount(build({}), "/proc")->type == "proc");
}

TEST_CASE("--ipc=none has no /dev/shm, --ipc=host the host's") {
    CHECK(find_mount(build(request_with([](auto& r) { r.ipc = "none"; })), "/dev/shm") == nullptr);
    CHECK(find_mount(build(request_with([](auto& r) { r.ipc = "host"; })), "/dev/shm")->type == "bind");
    CHECK(find_mount(build({}), "/dev/shm")->type == "tmpfs");
}

TEST_CASE("a shared network has the names of its owner") {
    const oci::RuntimeSpec spec = build(request_with([](auto& r) { r.network = "container:other"; }));
    CHECK(find_mount(spec, "/etc/hosts")->source == "/containers/other/hosts");
    CHECK(find_mount(spec, "/etc/resolv.conf")->source == "/containers/other/resolv.conf");
    CHECK(find_mount(spec, "/etc/hostname")->source == "/containers/x/hostname");
    CHECK(spec.sysctl.empty());
}

TEST_CASE("privileged means all capabilities, nothing masked, no filter, a writable /sys") {
    const oci::RuntimeSpec spec = build(request_with([](auto& r) { r.privileged = true; }));
    CHECK(spec.masked_paths.empty());
    CHECK(spec.readonly_paths.empty());
    CHECK_FALSE(spec.seccomp);
    CHECK(has(spec.process.capabilities.effective, "CAP_SYS_ADMIN"));
    CHECK(has(find_mount(spec, "/sys")->options, "rw"));
    CHECK(build({}).seccomp.has_value());
}

TEST_CASE("ids, names and paths come from the input") {
    const oci::RuntimeSpec spec = build(request_with([](auto& r) { r.read_only = true; }));
    CHECK(spec.root_path == "/containers/x/merged");
    CHECK(spec.root_readonly);
    CHECK_FALSE(build({}).root_readonly);
    CHECK(spec.hostname == "box");
    CHECK(spec.cgroups_path == "ctl-aaaaaaaaaaaa");
    REQUIRE(spec.uid_mappings.size() == 2);
    CHECK(spec.uid_mappings[1].host_id == 100000);
    CHECK(spec.gid_mappings[0].host_id == 1001);
    CHECK(spec.process.user.umask == 0022);
}

TEST_CASE("the environment is the defaults, then the image's, then the user's") {
    CHECK(sorted(build({}).process.env)
          == Words{"HOME=/root", "HOSTNAME=box", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=podman"});
    CHECK(has(build(request_with([](auto& r) { r.tty = true; })).process.env, "TERM=xterm"));
    oci::ImageConfig image = plain_image();
    image.env = {"PATH=/image", "A=image", "B=image"};
    TempDir dir;
    files::write_atomic(AT_FDCWD, dir.path + "/env", "B=file\nC=file\n", 0600, files::Durability::none);
    const CreateRequest request = request_with([&](auto& r) {
        r.env_files = {dir.path + "/env"};
        r.env = {"C=option", "HOME=/elsewhere"};
    });
    CHECK(sorted(build(request, image).process.env)
          == Words{"A=image", "B=file", "C=option", "HOME=/elsewhere", "HOSTNAME=box", "PATH=/image", "container=podman"});
}

TEST_CASE("entrypoint and command: the user's words, then the image's") {
    using Option = std::optional<Words>;
    struct Case {
        Option image_entrypoint, image_cmd, entrypoint;
        Words command, expected; ///< empty: an error
    };
    const Option none;
    const Case cases[] = {
        {none, Words{"c"}, none, {}, {"c"}},
        {Words{"e"}, none, none, {}, {"e"}},
        {Words{"e"}, Words{"c"}, none, {}, {"e", "c"}},
        {Words{"e"}, Words{"c"}, none, {"x", "y"}, {"e", "x", "y"}},
        {none, Words{"c"}, none, {"x"}, {"x"}},
        {Words{"e"}, Words{"c"}, Words{"n"}, {}, {"n"}},            // the image's command is not for another entrypoint
        {Words{"e"}, Words{"c"}, Words{"n"}, {"x"}, {"n", "x"}},
        {Words{"e"}, Words{"c"}, Words{"n", "m"}, {"x"}, {"n", "m", "x"}},
        {Words{"e"}, Words{"c"}, Words{""}, {"x"}, {"x"}},          // --entrypoint "" clears it
        {Words{"e"}, Words{"c"}, Words{""}, {}, {}},
        {none, none, none, {}, {}},
        {Words{}, Words{}, none, {}, {}},
        {none, none, none, {"x"}, {"x"}}};
    for (const Case& c : cases) {
        oci::ImageConfig image;
        image.entrypoint = c.image_entrypoint;
        image.cmd = c.image_cmd;
        CreateRequest request;
        request.entrypoint = c.entrypoint;
        request.command = c.command;
        if (c.expected.empty()) CHECK(error_of(request, image).starts_with("nothing to run: "));
        else CHECK(build(request, image).process.args == c.expected);
    }
}

TEST_CASE("the working directory is the user's, the image's or the root") {
    oci::ImageConfig image = plain_image();
    CHECK(build({}, image).process.cwd == "/");
    image.working_dir = "/srv";
    CHECK(build({}, image).process.cwd == "/srv");
    CHECK(build(request_with([](auto& r) { r.workdir = "/mine"; }), image).process.cwd == "/mine");
    CHECK(error_of(request_with([](auto& r) { r.workdir = "mine"; })) == "working directory \"mine\" is not an absolute path");
}

TEST_CASE("resource limits are the caller's at most, and no core is dumped") {
    const oci::RuntimeSpec spec = build({});
    struct rlimit own {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &own) == 0);
    REQUIRE(spec.process.rlimits.size() == 3);
    CHECK(spec.process.rlimits[0].type == "RLIMIT_NOFILE");
    CHECK(spec.process.rlimits[0].hard == std::min<std::uint64_t>(1048576, own.rlim_max));
    CHECK(spec.process.rlimits[0].soft == spec.process.rlimits[0].hard);
    CHECK(spec.process.rlimits[2].type == "RLIMIT_CORE");
    CHECK(spec.process.rlimits[2].soft == 0);
}

TEST_CASE("limits become what the kernel's files want") {
    CHECK(build({}).resources.empty());
    const oci::Resources r = build(request_with([](auto& q) {
                                 q.limits.cpus = 0.5;
                                 q.limits.memory = 64 << 20;
                                 q.limits.pids = 10;
                             })).resources;
    CHECK(r.cpu_quota == 50000);
    CHECK(r.cpu_period == 100000);
    CHECK(r.memory_limit == 64 << 20);
    CHECK(r.pids_limit == 10);
    CHECK(build(request_with([](auto& q) { q.limits.pids = -1; })).resources.empty());
    CHECK(build(request_with([](auto& q) { q.limits.cpus = 1.0 / 3; })).resources.cpu_quota == 33333);
}

TEST_CASE("every option that is refused names itself") {
    const auto error = [](auto change) { return error_of(request_with(change)); };
    for (const double cpus : {-1.0, 0.001, 1e6, std::nan(""), HUGE_VAL})
        CHECK_MESSAGE(error([&](auto& r) { r.limits.cpus = cpus; }).starts_with("--cpus "), cpus);
    CHECK(error([](auto& r) { r.security_opt = {"label=disable"}; }).starts_with("--security-opt label=disable: not supported yet"));
    CHECK(error([](auto& r) { r.security_opt = {"no-new-privileges:maybe"}; }).starts_with("--security-opt no-new-privileges:maybe"));
    CHECK(error([](auto& r) { r.security_opt = {"seccomp=/does/not/exist"}; }).starts_with("--security-opt seccomp=/does/not/exist: "));
    CHECK(error([](auto& r) { r.security_opt = {"seccomp="}; }).starts_with("--security-opt seccomp="));
    CHECK(error([](auto& r) { r.env_files = {"/does/not/exist"}; }).starts_with("--env-file: "));
    CHECK(error([](auto& r) { r.cap_add = {"lunch"}; }).find("lunch") != std::string::npos);
    CHECK(error([](auto& r) { r.cap_drop = {"lunch"}; }).find("lunch") != std::string::npos);
}

TEST_CASE("security options: the last word counts") {
    const auto nnp = [](Words options) {
        return build(request_with([&](auto& r) { r.security_opt = options; })).process.no_new_privileges;
    };
    CHECK_FALSE(nnp({}));
    for (const char* word : {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}) CHECK(nnp({word}));
    CHECK_FALSE(nnp({"no-new-privileges", "no-new-privileges:false"}));
    CHECK_FALSE(build(request_with([](auto& r) { r.security_opt = {"seccomp=unconfined"}; })).seccomp);
}
