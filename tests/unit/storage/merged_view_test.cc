#include "storage/merged_view.h"

#include "support.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>

using namespace support;

namespace {

/// Directories lower and upper, to be filled by plain calls.
class TwoLayers {
public:
    TwoLayers() {
        for (const char* dir : {"/upper", "/lower"}) sys::ensure_dir(temp_.dir() + dir, 0755);
    }
    void write(const std::string& path, const std::string& text) {
        sys::ensure_dir(full(path.substr(0, path.find_last_of('/'))), 0755);
        sys::write_all(sys::open(full(path), O_WRONLY | O_CREAT, 0644).get(), text, path);
    }
    std::string full(const std::string& path) const { return temp_.dir() + "/" + path; }
    std::optional<std::string> find(const std::string& path, std::size_t limit = 1000) {
        const UniqueFd upper = sys::open(full("upper"), O_PATH | O_DIRECTORY), lower = sys::open(full("lower"), O_PATH | O_DIRECTORY);
        const int layers[] = {upper.get(), lower.get()};
        return storage::find_file(layers, path, limit);
    }
    bool has_directory(const std::string& path) {
        const UniqueFd upper = sys::open(full("upper"), O_PATH | O_DIRECTORY), lower = sys::open(full("lower"), O_PATH | O_DIRECTORY);
        const int layers[] = {upper.get(), lower.get()};
        return storage::has_directory(layers, path);
    }

private:
    TempStore temp_;
};

} // namespace

TEST_CASE("the upper layer's file hides the lower one's, and what it lacks shows through") {
    TwoLayers layers;
    layers.write("lower/etc/passwd", "lower");
    layers.write("lower/etc/group", "group");
    layers.write("upper/etc/passwd", "upper");
    CHECK(layers.find("/etc/passwd") == "upper");
    CHECK(layers.find("etc/group") == "group");
    CHECK(layers.find("/etc/shadow") == std::nullopt);
    CHECK(layers.find("/etc/passwd/x") == std::nullopt);
    CHECK(layers.has_directory("/etc"));
    CHECK(layers.has_directory("/"));
    CHECK_FALSE(layers.has_directory("/etc/passwd"));
}

TEST_CASE("an opaque directory hides what is below it, in that directory only") {
    TwoLayers layers;
    layers.write("lower/etc/passwd", "lower");
    layers.write("lower/usr/file", "shown");
    layers.write("upper/etc/other", "upper");
    if (::setxattr(layers.full("upper/etc").c_str(), "user.overlay.opaque", "y", 1, 0) != 0) {
        MESSAGE("SKIP: no user attributes on this file system");
        return;
    }
    CHECK(layers.find("/etc/passwd") == std::nullopt);
    CHECK(layers.find("/etc/other") == "upper");
    CHECK(layers.find("/usr/file") == "shown");
}

TEST_CASE("a file hides a directory of lower layers, and a directory a file") {
    TwoLayers layers;
    layers.write("lower/a/file", "hidden");
    layers.write("upper/a", "a file now");
    layers.write("lower/b", "hidden");
    layers.write("upper/b/file", "a directory now");
    CHECK(layers.find("/a/file") == std::nullopt);
    CHECK(layers.find("/a") == "a file now");
    CHECK(layers.find("/b/file") == "a directory now");
}

TEST_CASE("whiteouts hide, whatever the lower layer has there") {
    if (!have_userns()) return;
    TwoLayers layers;
    layers.write("lower/etc/passwd", "lower");
    layers.write("lower/usr/share/x", "lower");
    layers.write("upper/etc/y", "");
    layers.write("upper/usr/y", "");
    in_userns([&] {
        for (const char* path : {"upper/etc/passwd", "upper/usr/share"})
            require(::mknod(layers.full(path).c_str(), S_IFCHR, 0) == 0, "mknod");
    });
    CHECK(layers.find("/etc/passwd") == std::nullopt);
    CHECK(layers.find("/usr/share/x") == std::nullopt);
    CHECK_FALSE(layers.has_directory("/usr/share"));
}

TEST_CASE("symbolic links resolve in the merged tree and never leave it") {
    TwoLayers layers;
    layers.write("lower/usr/etc/passwd", "found");
    layers.write("outside/canary", "outside");
    const auto link = [&](const std::string& path, const std::string& target) { sys::symlink_at(target, AT_FDCWD, layers.full(path)); };
    link("upper/etc", "/usr/etc");
    link("upper/relative", "usr/../usr/etc");
    link("upper/out", "../outside/canary");
    link("upper/far", "../../../../../../../../etc/passwd");
    link("upper/loop", "loop");
    link("upper/host", layers.full("outside/canary"));
    CHECK(layers.find("/etc/passwd") == "found");
    CHECK(layers.find("/relative/passwd") == "found");
    CHECK(layers.find("/../../usr/etc/passwd") == "found");
    CHECK(layers.find("/out") == std::nullopt);
    CHECK(layers.find("/far") == "found");
    CHECK(layers.find("/host") == std::nullopt);
    CHECK(error_of([&] { layers.find("/loop"); }).find("too many levels") != std::string::npos);
}

TEST_CASE("only regular files of bounded size are read") {
    TwoLayers layers;
    REQUIRE(::mkfifo(layers.full("upper/fifo").c_str(), 0644) == 0);
    layers.write("upper/big", std::string(1001, 'x'));
    layers.write("upper/fits", std::string(1000, 'x'));
    CHECK(error_of([&] { layers.find("/fifo"); }).find("not a regular file") != std::string::npos);
    CHECK(error_of([&] { layers.find("/"); }).find("not a regular file") != std::string::npos);
    CHECK(error_of([&] { layers.find("/big"); }).find("larger than 1000") != std::string::npos);
    CHECK(layers.find("/fits")->size() == 1000);
}
