#include "rootless/surroundings.h"

#include "base/error.h"
#include "base/sys.h"
#include "rootless/plan.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sched.h>

using rootless::IdMaps;
using rootless::IdRange;

namespace {

const IdMaps store{{{0, 1000, 1}, {1, 100000, 65536}}, {{0, 1001, 1}, {1, 200000, 65536}}};
/// keep-id of user 1000: the caller is 1000, everybody before her moves down by one.
const IdMaps kept{{{0, 100000, 1000}, {1000, 1000, 1}, {1001, 101000, 64536}}, {{0, 200000, 1001}, {1001, 1001, 1}, {1002, 201001, 64535}}};

oci::RuntimeSpec spec_of(const IdMaps& maps) {
    oci::RuntimeSpec spec;
    spec.process.args = {"sh"};
    spec.root_path = "/merged";
    spec.mounts = {{"/proc", "proc", "proc", {}}, {"/sys", "sysfs", "sysfs", {"ro"}}, {"/dev/shm", "tmpfs", "shm", {}},
                   {"/etc/hosts", "bind", "/etc/passwd", {}}};
    for (const char* type : {"user", "mount"}) spec.namespaces.push_back({type, ""});
    for (const IdRange& r : maps.uids) spec.uid_mappings.push_back({r.inside, r.outside, r.count});
    for (const IdRange& r : maps.gids) spec.gid_mappings.push_back({r.inside, r.outside, r.count});
    return spec;
}

std::string plan_text(const oci::RuntimeSpec& spec, const rootless::Surroundings& surroundings) {
    rootless::PlanExtras extras;
    extras.surroundings = &surroundings;
    return rootless::ChildProgram(spec, extras).to_text();
}

std::string error_of(const IdMaps& maps, const IdMaps& parent) {
    try {
        (void)rootless::express_in(maps, parent);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("a map said in the ids of the namespace around it is cut where that one's extents are") {
    CHECK(rootless::map_text(rootless::express_in(kept, store).uids) == "0 1 1000\n1000 0 1\n1001 1001 64536\n");
    CHECK(rootless::map_text(rootless::express_in(store, store).uids) == "0 0 1\n1 1 65536\n");
    const IdMaps two{{{0, 100, 10}, {10, 110, 10}}, {{0, 100, 20}}};
    CHECK(rootless::map_text(rootless::express_in({{{5, 105, 10}}, {{5, 105, 10}}}, two).uids) == "5 5 5\n10 10 5\n");
}

TEST_CASE("an id that the namespace around does not have is named") {
    CHECK(error_of({{{0, 99, 1}}, {}}, store) == "user 0 of the container would be 99 of this machine, which the user namespace around it does not have");
    CHECK(error_of({{}, {{0, 200000, 70000}}}, store).starts_with("group 65536 of the container would be 265536"));
}

TEST_CASE("maps are compared as the kernel reads them") {
    const IdMaps cut{{{1, 100000, 10}, {0, 1000, 1}, {11, 100010, 65526}}, store.gids};
    CHECK(rootless::normalized(cut) == store);
    CHECK_FALSE(rootless::normalized(kept) == store);
}

TEST_CASE("the default map needs no outer process, another one is nested in the store's") {
    CHECK_FALSE(rootless::find_surroundings(store, store, {}).has_outer);
    const rootless::Surroundings s = rootless::find_surroundings(kept, store, {});
    CHECK(s.has_outer);
    CHECK(s.fresh);
    CHECK(s.outer_mounts);
    CHECK(s.new_user);
    CHECK(rootless::map_text(s.nested.uids) == "0 1 1000\n1000 0 1\n1001 1001 64536\n");
}

TEST_CASE("a user namespace to mount in is entered by the outer process, and the container's is made inside of it") {
    const UniqueFd userns = sys::open("/proc/self/ns/user", O_RDONLY);
    const rootless::Surroundings s = rootless::find_surroundings(kept, store, {}, userns.get());
    CHECK(s.has_outer);
    CHECK_FALSE(s.fresh);
    CHECK(s.outer_mounts);
    REQUIRE(s.before.size() == 1);
    CHECK(s.before.front().flag == CLONE_NEWUSER);
    CHECK(s.joins.empty());
    CHECK(rootless::map_text(s.nested.uids) == "0 1 1000\n1000 0 1\n1001 1001 64536\n");
    CHECK(rootless::map_text(rootless::find_surroundings(store, store, {}, userns.get()).nested.uids) == "0 0 1\n1 1 65536\n");
}

TEST_CASE("with a nested map the outer process mounts the root and takes the binds along") {
    const std::string text = plan_text(spec_of(kept), rootless::find_surroundings(kept, store, {}));
    CHECK(text == R"(outer private_mounts
outer bind_root /merged <- /merged
outer grab_tree <- /etc/passwd
private_mounts
adopt_root
mount_fs /proc <- proc fixed
mount_fs /sys <- sysfs attributes=1 fixed
mount_fs /dev/shm <- tmpfs fixed
mount_tree /etc/hosts <- /etc/passwd
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
pivot
)");
}

TEST_CASE("what another user namespace owns is bound, not mounted anew") {
    rootless::Surroundings s;
    s.foreign = CLONE_NEWNET;
    s.trees.emplace_back("/dev/shm", sys::open("/dev/null", O_RDONLY));
    const std::string text = plan_text(spec_of(store), s);
    CHECK(text.find("mount_bind /sys <- /sys attributes=15 fixed\n") != std::string::npos);
    CHECK(text.find("mount_tree /dev/shm <- tmpfs fixed\n") != std::string::npos);
    CHECK(text.find("mount_fs /proc") != std::string::npos);
    s.foreign = CLONE_NEWPID;
    CHECK_THROWS_WITH_AS(plan_text(spec_of(store), s), doctest::Contains("same id map"), Error);
    s.foreign = 0;
    s.host = CLONE_NEWPID;
    CHECK(plan_text(spec_of(store), s).find("mount_bind /proc <- /proc") != std::string::npos);
}

TEST_CASE("users and groups outside of the map are refused") {
    oci::RuntimeSpec spec = spec_of({{{0, 1000, 1}, {10, 100000, 5}}, {{0, 1000, 1}}});
    const auto error = [&](std::uint32_t uid, std::uint32_t gid) {
        spec.process.user.uid = uid;
        spec.process.user.gid = gid;
        try {
            rootless::check_ids(spec.process, spec);
        } catch (const Error& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    CHECK(error(0, 0).empty());
    CHECK(error(14, 0).empty());
    CHECK(error(15, 0) == "user 15 does not exist in the container: its id map has only 0, 10-14");
    CHECK(error(0, 1).starts_with("group 1 does not exist in the container: its id map has only 0; subordinate ids"));
    CHECK(rootless::root_id({{7, 1000, 1}, {9, 100, 5}}) == 7);
    CHECK(rootless::root_id({{7, 1000, 1}, {0, 100, 5}}) == 0);
}

TEST_CASE("a path that is no namespace, or one of another kind, is refused") {
    CHECK_THROWS_AS(rootless::open_namespace("/etc/passwd", CLONE_NEWNET, "x"), Error);
    CHECK_THROWS_AS(rootless::open_namespace("/proc/self/ns/ipc", CLONE_NEWNET, "x"), Error);
    CHECK_THROWS_AS(rootless::open_namespace("/does/not/exist", CLONE_NEWNET, "x"), Error);
    CHECK(rootless::is_own_namespace(rootless::open_namespace("/proc/self/ns/net", CLONE_NEWNET, "x")));
}
