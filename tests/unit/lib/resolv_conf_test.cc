#include "lib/resolv_conf.h"

#include "base/files.h"
#include "base/sys.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <string>

using lib::ResolvConf;

namespace {

/// DIR/etc/resolv.conf is a link to ../run/resolve/stub.conf, as systemd has it.
struct Machine {
    std::string directory;
    std::string path;
    Machine() {
        char name[] = "/tmp/ctl-resolv-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        directory = name;
        path = directory + "/etc/resolv.conf";
        for (const char* sub : {"/etc", "/run", "/run/resolve"}) sys::ensure_dir(directory + sub, 0755);
        REQUIRE(::symlink("../run/resolve/stub.conf", path.c_str()) == 0);
    }
    ~Machine() { files::remove_tree(AT_FDCWD, directory); }

    enum class Way { over, beside }; ///< the same file, or another in its place
    void write(const std::string& text, Way way = Way::over, const std::string& name = "/run/resolve/stub.conf") const {
        if (way == Way::over) sys::write_all(sys::open(directory + name, O_WRONLY | O_CREAT | O_TRUNC, 0644).get(), text, name);
        else files::write_atomic(AT_FDCWD, directory + name, text, 0644, files::Durability::none);
    }
};

/// Looks as long as there is something to look at; whether one of the looks brought news.
bool has_news(ResolvConf& conf) {
    bool news = false;
    for (pollfd ready{conf.fd(), POLLIN, 0}; ::poll(&ready, 1, 0) == 1;) news = conf.look() || news;
    return news;
}

} // namespace

TEST_CASE("resolv.conf is followed: rewritten, replaced, with its directory, with the link to it, missing for a while") {
    const Machine machine;
    machine.write("nameserver 192.0.2.1\n");
    ResolvConf conf(machine.path);
    CHECK(conf.bytes() == "nameserver 192.0.2.1\n");
    CHECK_FALSE(has_news(conf));

    machine.write("nameserver 192.0.2.2\n");
    CHECK(has_news(conf));
    CHECK(conf.bytes() == "nameserver 192.0.2.2\n");

    machine.write("nameserver 192.0.2.3\n", Machine::Way::beside);
    CHECK(has_news(conf));
    CHECK(conf.bytes() == "nameserver 192.0.2.3\n");

    sys::rename_at(AT_FDCWD, machine.directory + "/run", AT_FDCWD, machine.directory + "/gone");
    CHECK_FALSE(has_news(conf)); // nothing there: what was known stays
    for (const char* sub : {"/run", "/run/resolve"}) sys::ensure_dir(machine.directory + sub, 0755);
    machine.write("nameserver 192.0.2.4\n");
    CHECK(has_news(conf));
    CHECK(conf.bytes() == "nameserver 192.0.2.4\n");

    sys::unlink_at(AT_FDCWD, machine.path);
    machine.write("nameserver 192.0.2.5\n", Machine::Way::over, "/etc/resolv.conf");
    CHECK(has_news(conf));
    machine.write("nameserver 192.0.2.6\n", Machine::Way::over, "/etc/resolv.conf");
    CHECK(has_news(conf));
    CHECK(conf.bytes() == "nameserver 192.0.2.6\n");
}

TEST_CASE("of resolv.conf what is beside it, or says the same, is no news") {
    const Machine machine;
    machine.write("nameserver 192.0.2.1\n");
    ResolvConf conf(machine.path);
    machine.write("x", Machine::Way::over, "/run/resolve/other");
    machine.write("x", Machine::Way::over, "/etc/hosts");
    CHECK_FALSE(has_news(conf));
    machine.write("nameserver 192.0.2.1\n", Machine::Way::beside);
    CHECK_FALSE(has_news(conf));
}

TEST_CASE("a busy directory is looked at now and then, and a change amid it is news") {
    const Machine machine;
    machine.write("nameserver 192.0.2.1\n");
    ResolvConf conf(machine.path);
    const auto looks_during = [&](std::chrono::milliseconds time, bool& news) {
        int looks = 0;
        for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
            machine.write("x", Machine::Way::over, "/etc/busy");
            sys::unlink_at(AT_FDCWD, machine.directory + "/etc/busy");
            pollfd ready{conf.fd(), POLLIN, 0};
            if (::poll(&ready, 1, 0) != 1) continue;
            ++looks;
            news = conf.look() || news;
        }
        return looks;
    };
    bool news = false;
    const int looks = looks_during(std::chrono::milliseconds(600), news);
    CHECK(looks >= 24);  // not blind
    CHECK(looks <= 100); // as many after each rest
    CHECK_FALSE(news);
    machine.write("nameserver 192.0.2.2\n");
    (void)looks_during(std::chrono::milliseconds(600), news);
    CHECK(news);
    CHECK(conf.bytes() == "nameserver 192.0.2.2\n");
}

TEST_CASE("a resolv.conf that is not there yet is found when it comes") {
    const Machine machine;
    ResolvConf conf(machine.path);
    CHECK(conf.bytes().empty());
    machine.write("nameserver 192.0.2.1\n");
    CHECK(has_news(conf));
    CHECK(conf.bytes() == "nameserver 192.0.2.1\n");
}
