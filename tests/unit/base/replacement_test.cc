#include "base/replacement.h"

#include "base/files.h"
#include "base/sys.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace {

struct TempDir {
    std::string path = [] {
        char name[] = "/tmp/ctl-replacement-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return std::string(name);
    }();
    UniqueFd fd = files::open_dir(path);
    ~TempDir() { files::remove_tree(AT_FDCWD, path); }
    std::size_t files_in() const { return files::list(fd.get(), ".").size(); }
};

void write(const files::Replacement& file, const char* text) { sys::write_all(file.fd(), text, "test"); }

} // namespace

TEST_CASE("a file is replaced at the commit, keeps its mode, and is left alone without one") {
    TempDir dir;
    files::write_atomic(dir.fd.get(), "f", "old", 0640, files::Durability::none);
    {
        files::Replacement file(dir.path + "/f", 0666);
        write(file, "half");
    }
    CHECK(files::read(dir.fd.get(), "f") == "old");
    {
        files::Replacement file(dir.path + "/f", 0666);
        write(file, "new");
        CHECK(files::read(dir.fd.get(), "f") == "old");
        file.commit();
    }
    CHECK(files::read(dir.fd.get(), "f") == "new");
    CHECK((sys::lstat_at(dir.fd.get(), "f").st_mode & 0777) == 0640);
    CHECK(dir.files_in() == 1);
}

TEST_CASE("a new file is there from the commit on, behind a link that leads nowhere too") {
    TempDir dir;
    REQUIRE(::symlinkat("target", dir.fd.get(), "link") == 0);
    {
        files::Replacement file(dir.path + "/link", 0666);
        write(file, "x");
        CHECK_FALSE(files::find(dir.fd.get(), "target"));
        file.commit();
    }
    CHECK(files::read(dir.fd.get(), "target") == "x");
    CHECK(sys::find_link_at(dir.fd.get(), "link") == "target");
}
