#include "lib/container_mounts.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/store.h"
#include "storage/volume.h"
#include "tests/unit/lib/temp_dir.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

using lib::CreateRequest;

namespace {

/// Works on a data root of its own, with a directory to bind.
struct World {
    TempDir dir;
    lib::Engine engine;
    std::string source = dir.path + "/source";
    World() {
        engine.paths.data = dir.path + "/data";
        engine.paths.boot_id = "boot";
        sys::ensure_dir(engine.paths.data, 0700);
        sys::ensure_dir(source, 0755);
    }
    lib::ContainerMounts prepare(const std::function<void(CreateRequest&)>& change, std::vector<std::string> volumes = {}) const {
        CreateRequest request;
        change(request);
        oci::ImageConfig image;
        image.volumes = std::move(volumes);
        return lib::prepare_mounts(engine, request, image, context);
    }
    lib::MountContext context;
    std::string error(const std::function<void(CreateRequest&)>& change, std::vector<std::string> volumes = {}) const {
        try {
            (void)prepare(change, std::move(volumes));
        } catch (const Error& e) {
            return e.what();
        }
        return "no error";
    }
};

std::vector<std::string> destinations(const lib::ContainerMounts& mounts) {
    std::vector<std::string> list;
    for (const oci::Mount& mount : mounts.mounts) list.push_back(mount.destination);
    return list;
}

} // namespace

TEST_CASE("a bind is the real path of its source, private and recursive") {
    const World world;
    REQUIRE(::symlink(world.source.c_str(), (world.dir.path + "/link").c_str()) == 0);
    const auto mounts = world.prepare([&](auto& r) { r.volumes = {world.dir.path + "/link:/x:ro"}; });
    REQUIRE(mounts.mounts.size() == 1);
    CHECK(mounts.mounts[0].type == "bind");
    CHECK(mounts.mounts[0].source == world.source);
    CHECK(mounts.mounts[0].options == std::vector<std::string>{"ro", "rbind", "rprivate"});
    REQUIRE(mounts.records.size() == 1);
    CHECK(mounts.records[0].type == "bind");
    CHECK_FALSE(mounts.records[0].writable);
    CHECK(mounts.to_fill.empty());
}

TEST_CASE("parents come before what lies below them, whatever the order of the options") {
    const World world;
    const auto mounts = world.prepare([&](auto& r) {
        r.volumes = {world.source + ":/a/b/c", world.source + ":/a"};
        r.tmpfs = {"/a/b", "/z"};
    });
    auto sorted = mounts.mounts;
    lib::sort_mounts(sorted);
    CHECK(destinations({.mounts = sorted}) == std::vector<std::string>{"/a", "/z", "/a/b", "/a/b/c"});
}

TEST_CASE("a destination is used once") {
    const World world;
    const std::string expected = "two mounts on /a: each destination can be used once";
    CHECK(world.error([&](auto& r) { r.volumes = {world.source + ":/a", world.source + ":/a"}; }) == expected);
    CHECK(world.error([&](auto& r) {
              r.volumes = {world.source + ":/a/"};
              r.tmpfs = {"/a"};
          }) == expected);
    CHECK(world.error([&](auto& r) { r.tmpfs = {"/a", "/x/../a"}; }).find("/a") != std::string::npos);
}

TEST_CASE("a source that is missing is named, and so is the way out") {
    const World world;
    CHECK(world.error([](auto& r) { r.volumes = {"/does/not/exist:/a"}; }).starts_with("bind mount source /does/not/exist ("));
}

TEST_CASE("an error in one option makes no volume of another") {
    const World world;
    CHECK(world.error([](auto& r) { r.volumes = {"fresh:/a", "other:relative"}; }) != "no error");
    CHECK(files::list(AT_FDCWD, world.engine.paths.data + "/volumes").empty());
}

TEST_CASE("tmpfs options reach the kernel") {
    const World world;
    const auto mounts = world.prepare([](auto& r) { r.tmpfs = {"/a:size=1m,mode=700,ro", "/b:notmpcopyup"}; });
    REQUIRE(mounts.mounts.size() == 2);
    CHECK(mounts.mounts[0].options == std::vector<std::string>{"ro", "nosuid", "nodev", "size=1m", "mode=700", "tmpcopyup"});
    CHECK(mounts.mounts[1].options == std::vector<std::string>{"rw", "nosuid", "nodev"});
}

TEST_CASE("--read-only keeps three places writable, unless the user has put something there") {
    const World world;
    const auto mounts = world.prepare([&](auto& r) {
        r.read_only = true;
        r.volumes = {world.source + ":/tmp"};
    });
    CHECK(destinations(mounts) == std::vector<std::string>{"/tmp", "/run", "/var/tmp"});
    CHECK(mounts.mounts[0].type == "bind");
    CHECK(mounts.mounts[1].type == "tmpfs");
}

TEST_CASE("the image's volumes are anonymous ones, unless the user has put something there") {
    const World world;
    const auto mounts = world.prepare([&](auto& r) { r.volumes = {world.source + ":/mine"}; }, {"/mine", "/theirs"});
    CHECK(destinations(mounts) == std::vector<std::string>{"/mine", "/theirs"});
    REQUIRE(mounts.anonymous_volumes.size() == 1);
    REQUIRE(mounts.to_fill.size() == 1);
    CHECK(mounts.to_fill[0].second == "/theirs");
    CHECK(mounts.to_fill[0].first == mounts.anonymous_volumes[0]);
    CHECK(world.error([](auto&) {}, {"name:/x"}) == "the image declares a volume that is no path: \"name:/x\"");
}

TEST_CASE("a named volume is made once and filled once") {
    const World world;
    const auto first = world.prepare([](auto& r) { r.volumes = {"store:/a"}; });
    REQUIRE(first.to_fill.size() == 1);
    CHECK(first.anonymous_volumes.empty());
    CHECK(first.records[0].name == "store");
    sys::ensure_dir(world.engine.paths.data + "/volumes/store/filled", 0700); // as the filling leaves it
    const auto second = world.prepare([](auto& r) { r.volumes = {"store:/b"}; });
    CHECK(second.mounts[0].source == first.mounts[0].source);
    CHECK(second.to_fill.empty());
    CHECK(world.prepare([](auto& r) { r.volumes = {"other:/a:nocopy"}; }).to_fill.empty());
}

TEST_CASE("relabelling is an error where SELinux is enabled, and nothing elsewhere") {
    World world;
    const auto change = [&](auto& r) { r.volumes = {world.source + ":/a:Z"}; };
    CHECK(world.prepare(change).mounts.size() == 1);
    world.context.selinux = true;
    CHECK(world.error(change).find("relabelling (z, Z) is not supported yet where SELinux is enabled") != std::string::npos);
    CHECK(world.error([](auto& r) { r.mounts = {"type=volume,src=v,dst=/a,relabel=shared"}; }).find("relabelling") != std::string::npos);
    CHECK(files::list(AT_FDCWD, world.engine.paths.data + "/volumes").empty());
}

TEST_CASE("an overlay leaves its source alone and writes below the container's directory") {
    World world;
    world.context.container_dir = "/c";
    const auto mounts = world.prepare([&](auto& r) { r.volumes = {world.source + ":/a:O", world.source + ":/b:O,noexec"}; });
    REQUIRE(mounts.mounts.size() == 2);
    CHECK(mounts.mounts[0].type == "overlay");
    CHECK(mounts.mounts[0].options
          == std::vector<std::string>{"rw", "lowerdir=" + world.source, "upperdir=/c/overlays/0/upper", "workdir=/c/overlays/0/work"});
    CHECK(mounts.mounts[1].options[3] == "upperdir=/c/overlays/1/upper");
    CHECK(mounts.records[0].type == "bind");
    CHECK(mounts.records[0].source == world.source);
    sys::ensure_dir(world.source + "/u", 0755);
    sys::ensure_dir(world.source + "/w", 0755);
    const std::string own = cat(world.source, ":/a:O,upperdir=", world.source, "/u,workdir=", world.source, "/w");
    CHECK(world.prepare([&](auto& r) { r.volumes = {own}; }).mounts[0].options[2] == cat("upperdir=", world.source, "/u"));
}

TEST_CASE("a pattern shows each match below the destination, or at its own path") {
    const World world;
    for (const char* name : {"/one", "/two"}) sys::ensure_dir(world.source + name, 0755);
    CHECK(destinations(world.prepare([&](auto& r) { r.mounts = {cat("type=glob,src=", world.source, "/*,dst=/g,ro")}; }))
          == std::vector<std::string>{"/g/one", "/g/two"});
    CHECK(destinations(world.prepare([&](auto& r) { r.mounts = {cat("type=glob,src=", world.source, "/t*")}; }))
          == std::vector<std::string>{world.source + "/two"});
    CHECK(world.error([&](auto& r) { r.mounts = {cat("type=glob,src=", world.source, "/x*")}; }).find("nothing matches") != std::string::npos);
    CHECK(world.error([](auto& r) { r.mounts = {"type=glob,src=/proc/self/stat*"}; }).find("is the kernel's") != std::string::npos);
}

TEST_CASE("what is shared with the host is followed, and what cannot be is said") {
    const World world;
    const auto with = [&](const char* words) { return world.prepare([&](auto& r) { r.volumes = {cat(world.source, ":/a:", words)}; }); };
    CHECK_FALSE(with("ro").follows_host);
    CHECK_FALSE(with("private").follows_host);
    CHECK(with("rslave").follows_host);
    CHECK(with("rslave").warnings.empty());
    CHECK(with("rshared").follows_host);
    CHECK(with("rshared").warnings.size() == 1);
    CHECK(with("unbindable").mounts[0].options.back() == "unbindable");
}

TEST_CASE("--image-volume decides what becomes of the image's volumes") {
    const World world;
    CHECK(world.prepare([](auto& r) { r.image_volumes = "ignore"; }, {"/a"}).mounts.empty());
    CHECK(world.prepare([](auto& r) { r.image_volumes = "tmpfs"; }, {"/a"}).mounts.at(0).type == "tmpfs");
    CHECK(world.prepare([](auto& r) { r.image_volumes = "bind"; }, {"/a"}).anonymous_volumes.size() == 1);
    CHECK(world.error([](auto& r) { r.image_volumes = "eat"; }).starts_with("--image-volume \"eat\""));
}

TEST_CASE("an init system gets its places in memory, unless something is there") {
    World world;
    world.context.systemd = true;
    CHECK(destinations(world.prepare([](auto& r) { r.tmpfs = {"/run:size=1m"}; }))
          == std::vector<std::string>{"/run", "/run/lock", "/tmp", "/var/log/journal"});
    for (const oci::Mount& mount : world.prepare([](auto&) {}).mounts)
        CHECK(std::ranges::count(mount.options, "tmpcopyup") == (mount.destination == "/run/lock" ? 0 : 1)); // it is inside of another one
}

TEST_CASE("a volume with options is what they say") {
    const World world;
    storage::Store store(world.engine.paths);
    storage::Volumes volumes(store);
    volumes.create("mem", {}, {{"type", "tmpfs"}, {"o", "size=1m,uid=5"}});
    volumes.create("dir", {}, {{"o", "bind,ro"}, {"device", world.source}});
    const auto mounts = world.prepare([](auto& r) { r.volumes = {"mem:/m", "dir:/d"}; });
    CHECK(mounts.mounts[0].type == "tmpfs");
    CHECK(mounts.records[0].type == "volume");
    CHECK(mounts.records[0].name == "mem");
    CHECK(mounts.mounts[1].source == world.source);
    CHECK(mounts.mounts[1].options.front() == "ro");
    CHECK(mounts.to_fill.empty());
}

TEST_CASE("option U is left to be done, and a tmpfs gets it at once") {
    World world;
    world.context.uid = 7;
    world.context.gid = 8;
    const auto mounts = world.prepare([&](auto& r) {
        r.volumes = {world.source + ":/a:U"};
        r.tmpfs = {"/t:U,notmpcopyup"};
    });
    REQUIRE(mounts.to_chown.size() == 1);
    CHECK(mounts.to_chown[0].path == world.source);
    CHECK(mounts.mounts[1].options == std::vector<std::string>{"rw", "nosuid", "nodev", "uid=7", "gid=8"});
}
