#include "rootless/plan.h"

#include "base/unique_fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

using rootless::ChildProgram;
using rootless::ChildReport;
using rootless::ChildStage;
using rootless::PlanExtras;

namespace {

/// What every container of these tests starts from.
oci::RuntimeSpec default_spec() {
    oci::RuntimeSpec spec;
    spec.process.args = {"sh"};
    spec.process.env = {"PATH=/bin:/usr/bin"};
    spec.root_path = "/merged";
    spec.hostname = "box";
    spec.mounts = {{"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
                   {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
                   {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "gid=5"}},
                   {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
                   {"/sys/fs/cgroup", "cgroup", "cgroup", {"ro"}},
                   {"/etc/hosts", "bind", "/etc/passwd", {"bind", "rprivate"}}};
    for (const char* type : {"user", "mount", "pid", "ipc", "uts", "cgroup", "network"}) spec.namespaces.push_back({type, ""});
    spec.sysctl = {{"net.ipv4.ping_group_range", "0 0"}};
    spec.masked_paths = {"/proc/kcore"};
    spec.readonly_paths = {"/proc/sys"};
    return spec;
}

constexpr const char* default_text = R"(private_mounts
bind_root /merged <- /merged
mount_fs /proc <- proc attributes=14 fixed
mount_fs /dev <- tmpfs mode=755 size=65536k attributes=34 fixed
device /dev/null <- /dev/null
device /dev/zero <- /dev/zero
device /dev/full <- /dev/full
device /dev/tty <- /dev/tty
device /dev/random <- /dev/random
device /dev/urandom <- /dev/urandom
symlink /dev/fd <- /proc/self/fd
symlink /dev/stdin <- /proc/self/fd/0
symlink /dev/stdout <- /proc/self/fd/1
symlink /dev/stderr <- /proc/self/fd/2
symlink /dev/core <- /proc/kcore
symlink /dev/ptmx <- pts/ptmx
mount_fs /dev/pts <- devpts newinstance ptmxmode=0666 gid=5 attributes=10 fixed
mount_fs /sys <- sysfs attributes=15 fixed
mount_fs /sys/fs/cgroup <- cgroup2 attributes=1 fixed optional
mount_bind /etc/hosts <- /etc/passwd alone
loopback_up
hostname <- box
sysctl net/ipv4/ping_group_range <- 0 0 optional
mask /proc/kcore fixed
readonly_path /proc/sys fixed
pivot
)";

std::string text_of(const oci::RuntimeSpec& spec, const PlanExtras& extras = {}) { return ChildProgram(spec, extras).to_text(); }

/// The lines of `text` that are not in `base`, and those that are gone, as "+line" and "-line".
std::string difference(const std::string& base, const std::string& text) {
    const auto lines = [](const std::string& all) {
        std::vector<std::string> list;
        for (std::size_t from = 0, to; (to = all.find('\n', from)) != std::string::npos; from = to + 1)
            list.push_back(all.substr(from, to - from));
        return list;
    };
    std::string result;
    for (const std::string& line : lines(base))
        if (("\n" + text).find("\n" + line + "\n") == std::string::npos) result += "-" + line + "\n";
    for (const std::string& line : lines(text))
        if (("\n" + base).find("\n" + line + "\n") == std::string::npos) result += "+" + line + "\n";
    return result;
}

std::string error_of(const oci::RuntimeSpec& spec, const PlanExtras& extras = {}) {
    try {
        ChildProgram program(spec, extras);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("a default container's plan") { CHECK(text_of(default_spec()) == default_text); }

TEST_CASE("a read-only root is made so after everything in it, and just before it becomes the root") {
    oci::RuntimeSpec spec = default_spec();
    spec.root_readonly = true;
    CHECK(difference(default_text, text_of(spec)) == "+readonly_root\n");
    CHECK(text_of(spec).ends_with("readonly_path /proc/sys fixed\nreadonly_root\npivot\n"));
}

TEST_CASE("on the host's network nothing of the network is touched") {
    oci::RuntimeSpec spec = default_spec();
    std::erase_if(spec.namespaces, [](const oci::Namespace& n) { return n.type == "network"; });
    spec.sysctl.clear();
    CHECK(difference(default_text, text_of(spec)) == "-loopback_up\n-sysctl net/ipv4/ping_group_range <- 0 0 optional\n");
}

TEST_CASE("a terminal is opened once devpts is there, before paths are protected") {
    oci::RuntimeSpec spec = default_spec();
    spec.process.terminal = true;
    CHECK(difference(default_text, text_of(spec)) == "+console /dev/console\n");
    const std::string text = text_of(spec);
    CHECK(text.find("/dev/pts") < text.find("console"));
    CHECK(text.find("console") < text.find("mask"));
}

TEST_CASE("with a single id the terminals have no group, and no other user exists") {
    PlanExtras extras;
    extras.single_id = true;
    CHECK(difference(default_text, text_of(default_spec(), extras))
          == "-mount_fs /dev/pts <- devpts newinstance ptmxmode=0666 gid=5 attributes=10 fixed\n"
             "+mount_fs /dev/pts <- devpts newinstance ptmxmode=0666 attributes=10 fixed\n");
    CHECK_FALSE(ChildProgram(default_spec(), extras).plan().process.set_groups);
    oci::RuntimeSpec spec = default_spec();
    spec.process.user.gid = 3;
    CHECK(error_of(spec) == "no error");
    spec.gid_mappings = {{0, 1000, 1}};
    CHECK(error_of(spec, extras).starts_with("group 3 does not exist in the container"));
}

TEST_CASE("the image's layers are opened anew, topmost first, and named by descriptor") {
    const UniqueFd upper(::open("/usr", O_PATH | O_CLOEXEC)), lower(::open("/etc", O_PATH | O_CLOEXEC));
    const UniqueFd container(::open("/tmp", O_PATH | O_CLOEXEC));
    PlanExtras extras;
    extras.root.layers = {upper.get(), lower.get()};
    extras.root.container_dir = container.get();
    const std::string overlay = cat("overlay_root /merged <- userxattr,lowerdir=/proc/self/fd/", upper.get(), ":/proc/self/fd/", lower.get(),
                                    ",upperdir=/proc/self/fd/", container.get(), "/upper,workdir=/proc/self/fd/", container.get(), "/work");
    const std::string start = "private_mounts\nreopen <- /usr\nreopen <- /etc\nreopen <- /tmp\n";
    CHECK(text_of(default_spec(), extras).starts_with(start + overlay + "\n"));
    extras.root.is_volatile = true;
    CHECK(text_of(default_spec(), extras).starts_with(start + overlay + ",volatile\n"));
    extras.root.layers.assign(300, upper.get());
    CHECK(error_of(default_spec(), extras) == "the image has too many layers for the kernel's overlay: 300");
    extras.root.layers = {9999};
    CHECK(error_of(default_spec(), extras) == "descriptor 9999 of a layer is not open");
}

TEST_CASE("with our own overlay nothing of the layers is opened: its device is sent") {
    PlanExtras extras;
    extras.root.layers = {9999};
    extras.root.container_dir = 9998;
    extras.root.device_socket = 7;
    rootless::Surroundings surroundings;
    extras.surroundings = &surroundings;
    const std::string text = text_of(default_spec(), extras);
    CHECK(text.starts_with("private_mounts\nfuse_root /merged\n"));
    CHECK(text.find("reopen") == std::string::npos);
}

TEST_CASE("with both overlays ours is mounted first, and is the kernel's only ordinary layer") {
    const UniqueFd upper(::open("/usr", O_PATH | O_CLOEXEC)), lower(::open("/var", O_PATH | O_CLOEXEC));
    const UniqueFd data(::open("/etc", O_PATH | O_CLOEXEC)), container(::open("/tmp", O_PATH | O_CLOEXEC));
    PlanExtras extras;
    extras.root.layers = {upper.get(), lower.get()};
    extras.root.data_layers = {data.get()};
    extras.root.container_dir = container.get();
    extras.root.device_socket = 7;
    rootless::Surroundings surroundings;
    extras.surroundings = &surroundings;
    const std::string overlay = cat("overlay_root /merged <- userxattr,xino=on,lowerdir=/proc/self/fd/", upper.get(), "::/proc/self/fd/", data.get(),
                                    ",upperdir=/proc/self/fd/", container.get(), "/upper,workdir=/proc/self/fd/", container.get(), "/work\n");
    CHECK(text_of(default_spec(), extras).starts_with("private_mounts\nfuse_lower /merged\nreopen <- /etc\nreopen <- /tmp\n" + overlay));
}

TEST_CASE("a missing working directory is made only where that was asked for") {
    oci::RuntimeSpec spec = default_spec();
    spec.process.cwd = "/srv/app";
    CHECK(text_of(spec) == default_text);
    PlanExtras extras;
    extras.make_cwd = true;
    CHECK(difference(default_text, text_of(spec, extras)) == "+directory /srv/app\n");
    CHECK(text_of(default_spec(), extras) == default_text);
}

TEST_CASE("a tmpfs that shows the image's content is another step than a plain one") {
    oci::RuntimeSpec spec = default_spec();
    spec.mounts.push_back({"/run", "tmpfs", "tmpfs", {"ro", "tmpcopyup", "size=1m"}});
    CHECK(difference(default_text, text_of(spec)) == "+tmpfs_over /run <- tmpfs size=1m attributes=1\n");
    spec.mounts.back().options = {"size=1m"};
    CHECK(difference(default_text, text_of(spec)) == "+mount_fs /run <- tmpfs size=1m\n");
}

TEST_CASE("a bind says which part of its source it means, whether alone, and what it passes on") {
    const auto bind = [](std::vector<std::string> options) {
        oci::RuntimeSpec spec = default_spec();
        spec.mounts.push_back({"/x", "bind", "/etc", std::move(options)});
        return difference(default_text, text_of(spec));
    };
    CHECK(bind({"rbind", "rprivate"}) == "+mount_bind /x <- /etc\n");
    CHECK(bind({}) == "+mount_bind /x <- /etc\n");
    CHECK(bind({"bind", "ro"}) == "+mount_bind /x <- /etc attributes=1 alone\n");
    CHECK(bind({"rbind", "rslave"}) == "+mount_bind /x <- /etc propagation=rslave\n");
    CHECK(bind({"rbind", "unbindable"}) == "+mount_bind /x <- /etc propagation=unbindable\n");
    CHECK(bind({"rbind", "X-mount.subdir=a/b"}) == "+mount_bind /x <- /etc part=a/b\n");
    CHECK(bind({"rbind", "nofail"}) == "+mount_bind /x <- /etc optional\n");
}

TEST_CASE("the host's later mounts are followed only where a mount asks for it") {
    const auto ours = [](const char* wanted) {
        oci::RuntimeSpec spec = default_spec();
        spec.rootfs_propagation = wanted;
        return text_of(spec).substr(0, text_of(spec).find('\n'));
    };
    for (const char* wanted : {"", "private", "rprivate"}) CHECK(ours(wanted) == "private_mounts");
    for (const char* wanted : {"slave", "rslave", "shared", "rshared"}) CHECK(ours(wanted) == "private_mounts propagation=rslave");
}

TEST_CASE("an overlay's directories are opened anew and named by descriptor") {
    const auto overlay = [](std::vector<std::string> options) {
        oci::RuntimeSpec spec = default_spec();
        spec.mounts.push_back({"/x", "overlay", "overlay", std::move(options)});
        std::string text = difference(default_text, text_of(spec));
        for (std::size_t at = 0; (at = text.find("/fd/", at)) != std::string::npos; ++at) // any number will do
            for (at += 4; at < text.size() && text[at] >= '0' && text[at] <= '9';) text.erase(at, 1);
        return text;
    };
    CHECK(overlay({"ro", "lowerdir=/usr:/etc"})
          == "+reopen <- /usr\n+reopen <- /etc\n+overlay /x <- userxattr,lowerdir=/proc/self/fd/:/proc/self/fd/ attributes=1\n");
    CHECK(overlay({"lowerdir=/usr", "upperdir=/etc", "workdir=/tmp", "X-mount.subdir=bin"})
          == "+reopen <- /usr\n+reopen <- /etc\n+reopen <- /tmp\n"
             "+overlay /x <- userxattr,lowerdir=/proc/self/fd/,upperdir=/proc/self/fd/,workdir=/proc/self/fd/ part=bin\n");
    oci::RuntimeSpec spec = default_spec();
    for (const auto& [option, error] : {std::pair{"lowerdir=/a\\:b", "/a:b: No such file or directory"},
                                        std::pair{"lowerdir=etc", "mount /x: the directory \"etc\" is not absolute"},
                                        std::pair{"metacopy=on", "mount /x: unknown option \"metacopy\" for an overlay"},
                                        std::pair{"ro", "mount /x: an overlay needs lowerdir="}}) {
        spec.mounts = {{"/x", "overlay", "overlay", {option}}};
        CHECK_MESSAGE(error_of(spec).ends_with(error), error_of(spec));
    }
}

TEST_CASE("a read-only /dev becomes so when everything is in it") {
    oci::RuntimeSpec spec = default_spec();
    spec.mounts[1].options.push_back("ro");
    CHECK(difference(default_text, text_of(spec)) == "+change_mount /dev attributes=1 fixed\n");
    CHECK(text_of(spec).ends_with("readonly_path /proc/sys fixed\nchange_mount /dev attributes=1 fixed\npivot\n"));
}

TEST_CASE("no symbolic link may stand in for a directory of the kernel's, or below it") {
    const auto is_fixed = [](const char* destination) {
        oci::RuntimeSpec spec = default_spec();
        spec.mounts = {{destination, "bind", "/etc/passwd", {}}};
        return text_of(spec).find(cat("mount_bind ", destination, " <- /etc/passwd fixed")) != std::string::npos;
    };
    for (const char* path : {"/proc/cpuinfo", "/sys/fs", "/proc", "/sys", "/dev/x"}) CHECK_MESSAGE(is_fixed(path), path);
    for (const char* path : {"/process", "/system", "/data/proc", "/devices"}) CHECK_MESSAGE(!is_fixed(path), path);
}

TEST_CASE("what cannot be honoured is an error that names the field") {
    const auto error = [](auto change) {
        oci::RuntimeSpec spec = default_spec();
        change(spec);
        return error_of(spec);
    };
    CHECK(error([](auto& s) { s.namespaces.push_back({"times", ""}); }) == "linux.namespaces: unknown type \"times\"");
    CHECK(error([](auto& s) { s.namespaces[0].path = "/proc/1/ns/user"; })
          == "linux.namespaces: the user namespace /proc/1/ns/user has not been opened");
    const auto without = [&](const std::string& type) {
        return error([&](auto& s) { std::erase_if(s.namespaces, [&](const auto& n) { return n.type == type; }); });
    };
    CHECK(without("mount") == "linux.namespaces: a container needs a mount namespace");
    CHECK(without("user") == "linux.namespaces: an ordinary user's container needs a new user namespace");
    CHECK(error([](auto& s) { std::erase_if(s.namespaces, [](const auto& n) { return n.type == "uts"; }); })
          == "hostname: needs a new uts namespace");
    for (const std::string name : {"kernel.hostname", "vm.swappiness", "network.x", ""})
        CHECK(error([&](auto& s) { s.sysctl = {{name, "1"}}; })
              == "linux.sysctl: " + name + " is not one of this container's own namespaces");
    CHECK(error([](auto& s) { std::erase_if(s.namespaces, [](const auto& n) { return n.type == "network"; }); })
              .starts_with("linux.sysctl: net.ipv4.ping_group_range is not one"));
    CHECK(error([](auto& s) { s.process.rlimits = {{"RLIMIT_LUNCH", 1, 1}}; }) == "process.rlimits: unknown type \"RLIMIT_LUNCH\"");
    CHECK(error([](auto& s) { s.process.args.clear(); }) == "process.args: empty");
    CHECK(error([](auto& s) { s.mounts.push_back({"relative", "tmpfs", "", {}}); })
          == "mounts: destination \"relative\" is not absolute");
    CHECK(error([](auto& s) { s.mounts.push_back({"/x", "bind", "/does/not/exist", {}}); })
          == "bind mount source /does/not/exist: No such file or directory");
}

TEST_CASE("capabilities that the kernel does not know or cannot give are left out") {
    oci::RuntimeSpec spec = default_spec();
    spec.process.capabilities = {{"CAP_KILL", "CAP_LUNCH"}, {"CAP_KILL"}, {}, {"CAP_KILL"}, {"CAP_KILL", "CAP_DINNER"}};
    CHECK(rootless::unknown_capabilities(spec.process.capabilities) == std::vector<std::string>{"CAP_LUNCH", "CAP_DINNER"});
    const rootless::ChildProgram program(spec, PlanExtras{});
    CHECK(program.plan().process.capabilities.bounding == 1U << 5);
    CHECK(program.plan().process.capabilities.ambient == 0); // nothing is inheritable
}

TEST_CASE("text is added to the image's files before anything is mounted over them") {
    PlanExtras extras;
    extras.appended = {{"/etc/passwd", "me:x:5:5::/:/bin/sh"}};
    const std::string text = text_of(default_spec(), extras);
    CHECK(difference(default_text, text) == "+append_file /etc/passwd <- me:x:5:5::/:/bin/sh\n");
    CHECK(text.find("append_file") < text.find("mount_fs"));
    CHECK(text.find("append_file") > text.find("bind_root"));
}

TEST_CASE("settings of every namespace of the container's own are written where the kernel takes them") {
    oci::RuntimeSpec spec = default_spec();
    spec.sysctl = {{"kernel.shmmax", "1"}, {"fs.mqueue.msg_max", "2"}, {"kernel.domainname", "lan"}, {"net.ipv4.conf.eth0/1.forwarding", "3"}};
    const std::string text = text_of(spec);
    CHECK(text.find("sysctl kernel/shmmax <- 1\n") != std::string::npos);
    CHECK(text.find("sysctl fs/mqueue/msg_max <- 2\n") != std::string::npos);
    CHECK(text.find("domainname <- lan\n") != std::string::npos);
    CHECK(text.find("sysctl net/ipv4/conf/eth0.1/forwarding <- 3\n") != std::string::npos);
}

TEST_CASE("groups, keyring, personality and descriptors of the process follow the request") {
    oci::RuntimeSpec spec = default_spec();
    CHECK(ChildProgram(spec, {}).plan().process.set_groups);
    CHECK(ChildProgram(spec, {}).plan().process.new_keyring);
    CHECK(ChildProgram(spec, {}).plan().process.personality == rootless::no_personality);
    spec.personality = "LINUX32";
    PlanExtras extras;
    extras.keep_groups = true;
    extras.new_keyring = false;
    extras.preserved_fds = {7};
    const ChildProgram program(spec, extras);
    CHECK_FALSE(program.plan().process.set_groups);
    CHECK_FALSE(program.plan().process.new_keyring);
    CHECK(program.plan().process.personality == 8); // PER_LINUX32
    REQUIRE(program.plan().process.preserved.size() == 1);
    CHECK(program.plan().process.preserved[0] == 7);
    spec.personality = "BSD";
    CHECK_THROWS_AS(ChildProgram(spec, {}), Error);
}

TEST_CASE("text with a zero byte is refused: the kernel would read half of it") {
    const std::string zero("/a\0b", 4);
    const auto error = [&](auto change) {
        oci::RuntimeSpec spec = default_spec();
        change(spec);
        return error_of(spec).find("zero byte") != std::string::npos;
    };
    CHECK(error([&](auto& s) { s.process.args = {zero}; }));
    CHECK(error([&](auto& s) { s.process.env = {zero}; }));
    CHECK(error([&](auto& s) { s.process.cwd = zero; }));
    CHECK(error([&](auto& s) { s.masked_paths = {zero}; }));
    CHECK(error([&](auto& s) { s.mounts.push_back({zero, "tmpfs", "", {}}); }));
    CHECK_FALSE(error([](auto&) {}));
}

TEST_CASE("commands are looked for along the container's own PATH") {
    const auto candidates = [](std::vector<std::string> args, std::vector<std::string> env) {
        oci::RuntimeSpec spec = default_spec();
        spec.process.args = std::move(args);
        spec.process.env = std::move(env);
        const ChildProgram program(spec, {});
        std::vector<std::string> list;
        for (const char* const* path = program.plan().process.candidates; *path != nullptr; ++path) list.emplace_back(*path);
        return list;
    };
    using List = std::vector<std::string>;
    CHECK(candidates({"sh"}, {"PATH=/bin:/usr/bin"}) == List{"/bin/sh", "/usr/bin/sh"});
    CHECK(candidates({"/bin/sh"}, {"PATH=/x"}) == List{"/bin/sh"});
    CHECK(candidates({"./sh"}, {"PATH=/x"}) == List{"./sh"});
}

TEST_CASE("a child's report becomes words and an exit code") {
    const ChildProgram program(default_spec(), {});
    const auto explained = [&](ChildReport report) {
        const Error error = program.explain(report);
        return cat(error.exit_code, " ", error.what());
    };
    CHECK(explained({ChildStage::exec, 0, ENOENT}).starts_with("127 \"sh\": no such command"));
    CHECK(explained({ChildStage::exec, 0, EACCES}).starts_with("126 cannot execute \"sh\": Permission denied"));
    CHECK(explained({ChildStage::exec, 0, ENOEXEC}).starts_with("126 cannot execute \"sh\""));
    CHECK(explained({ChildStage::process, -1, ENOENT}).starts_with("127 working directory \"/\""));
    CHECK(explained({ChildStage::process, -2, EXDEV}).starts_with("126 working directory \"/\" is outside"));
    CHECK(explained({ChildStage::step, 2, EPERM}).find("mount proc on /proc") != std::string::npos);
    oci::RuntimeSpec spec = default_spec();
    spec.mounts = {{"/x", "bind", "/etc", {"bind"}}};
    const ChildProgram alone(spec, {});
    CHECK(std::string(alone.explain({ChildStage::step, 2, EINVAL}).what()).find("only with them, rbind") != std::string::npos);
    CHECK(explained({ChildStage::started, 0, 0}).starts_with("125 the container's process was killed"));
}
