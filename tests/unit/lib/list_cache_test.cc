#include "lib/list_cache.h"

#include "temp_dir.h"

#include "base/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>

namespace {

using lib::ContainerSummary;
using lib::DirStamp;
using lib::ListCache;

constexpr std::int64_t long_after = 1'000'000'000'000;
constexpr DirStamp stamp{7, 5};

/// Every field differs from its default.
ContainerSummary full_summary(int number) {
    ContainerSummary s;
    s.id = "id" + std::to_string(number);
    s.name = "web", s.image = "docker.io/library/nginx:latest", s.image_id = "ab", s.command = {"nginx", "-g", ""};
    s.created = 1, s.started = 2, s.finished = 3, s.status = lib::ContainerStatus::exited, s.exit_code = 4, s.pid = 5;
    s.ports = {{"::1", 8080, 80}, {"", 1, 2}};
    s.exposed_ports = {"80/tcp"}, s.labels = {{"a", "b"}, {"c", std::string("\0d", 2)}}, s.mounts = {"/m"}, s.volumes = {"v"};
    s.network = "none", s.cid_file = "/c", s.restart_policy = "always", s.stopped_by_user = true, s.restarts = 6, s.auto_remove = true;
    return s;
}

/// A store with a cache of so many containers, all with the same stamp.
struct Filled {
    explicit Filled(int containers) {
        engine.paths.data = "/data";
        engine.paths.runtime = dir.path;
        ListCache cache(engine);
        for (int i = 0; i < containers; ++i) cache.remember(full_summary(i), stamp, long_after);
        cache.save();
    }
    TempDir dir;
    lib::Engine engine;
};

} // namespace

TEST_CASE("list_cache: what was remembered comes back with every field") {
    Filled filled(100);
    const auto found = ListCache(filled.engine).find("id42", stamp);
    REQUIRE(found);
    CHECK(*found == full_summary(42));
}

TEST_CASE("list_cache: a directory that has changed is not known") {
    Filled filled(100);
    ListCache cache(filled.engine);
    CHECK_FALSE(cache.find("id1", {stamp.inode, stamp.ctime_ns + 1}));
    CHECK_FALSE(cache.find("id1", {stamp.inode + 1, stamp.ctime_ns}));
    CHECK_FALSE(cache.find("id100", stamp));
}

TEST_CASE("list_cache: a directory that has changed just now is not remembered") {
    Filled filled(0);
    ListCache cache(filled.engine);
    for (int i = 0; i < 100; ++i) cache.remember(full_summary(i), {7, long_after - 99'999'999}, long_after);
    cache.save();
    CHECK(files::list(AT_FDCWD, filled.dir.path).empty());
}

TEST_CASE("list_cache: few containers are not worth a file") {
    CHECK(files::list(AT_FDCWD, Filled(10).dir.path).empty());
}

TEST_CASE("list_cache: those that nobody asked for again are dropped with the next writing") {
    Filled filled(100);
    {
        ListCache cache(filled.engine);
        CHECK(cache.find("id0", stamp));
        for (int i = 200; i < 300; ++i) cache.remember(full_summary(i), stamp, long_after);
        cache.save();
    }
    ListCache cache(filled.engine);
    CHECK(cache.find("id0", stamp));
    CHECK(cache.find("id250", stamp));
    CHECK_FALSE(cache.find("id1", stamp));
}

TEST_CASE("list_cache: another store's file and a torn one say nothing") {
    Filled filled(100);
    const std::string file = filled.dir.path + "/" + files::list(AT_FDCWD, filled.dir.path).at(0);
    const std::string text = files::read(file);
    for (const std::size_t size : {text.size() - 1, text.size() / 2, std::size_t(40), std::size_t(1), std::size_t(0)}) {
        files::write_atomic(AT_FDCWD, file, text.substr(0, size), 0600, files::Durability::none);
        CHECK_FALSE(ListCache(filled.engine).find("id99", stamp));
    }
    std::string other = text;
    other.replace(other.find("/data"), 5, "/date");
    files::write_atomic(AT_FDCWD, file, other, 0600, files::Durability::none);
    CHECK_FALSE(ListCache(filled.engine).find("id1", stamp));
}
