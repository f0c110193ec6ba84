#include "lib/container_store.h"

#include "base/error.h"
#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

using lib::ContainerDir;
using lib::ContainerRecord;
using lib::ContainerState;

namespace {

struct World {
    TempDir dir;
    lib::Engine engine;
    World() {
        engine.paths.data = dir.path;
        engine.paths.boot_id = "this-boot";
    }
    ContainerDir publish(const std::string& id, const std::string& name) {
        ContainerRecord record;
        record.id = id;
        record.name = name;
        lib::publish_container(engine, record, "{}", {{"hosts", "127.0.0.1 localhost\n"}});
        return ContainerDir::open(engine, id);
    }
    std::vector<std::string> ids() const {
        auto list = lib::container_ids(engine);
        std::sort(list.begin(), list.end());
        return list;
    }
    std::string open_error(const std::string& what) const {
        try {
            (void)ContainerDir::open(engine, what);
        } catch (const Error& e) {
            return e.what();
        }
        return "no error";
    }
};

std::string id_of(const std::string& start) { return start + std::string(64 - start.size(), '0'); }

/// A state as of this boot whose process is this one.
ContainerState running_state() {
    ContainerState state;
    state.status = "running";
    state.boot_id = "this-boot";
    state.pid = ::getpid();
    state.pid_start = *lib::find_process_start(::getpid());
    state.started = 7;
    return state;
}

/// A pid that was a process of ours and is none now.
int dead_pid() {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) ::_exit(0);
    sys::wait_child(pid);
    return pid;
}

void check_lost(const ContainerState& state) {
    CHECK(state.status == "exited");
    CHECK(state.exit_code == 137);
    CHECK(state.pid == 0);
    CHECK(state.finished == 7);
}

} // namespace

TEST_CASE("a published container is found by id, name and prefix, whole") {
    World world;
    const std::string id = id_of("abc");
    const ContainerDir dir = world.publish(id, "web");
    for (const std::string& key : {id, std::string("web"), std::string("abc"), std::string("a")})
        CHECK_MESSAGE(ContainerDir::open(world.engine, key).id() == id, key);
    CHECK(dir.load_record().name == "web");
    CHECK(files::read(dir.fd(), "config.json") == "{}");
    CHECK(files::read(dir.fd(), "hosts") == "127.0.0.1 localhost\n");
    for (const char* name : {"upper", "work", "merged"}) CHECK(S_ISDIR(sys::lstat_at(dir.fd(), name).st_mode));
    CHECK((sys::lstat_at(dir.fd(), "hosts").st_mode & 07777) == 0644);
    CHECK((sys::lstat_at(dir.fd(), "upper").st_mode & 07777) == 0755);
    CHECK(dir.load_state().status == "created");
    CHECK(files::list(AT_FDCWD, world.dir.path + "/tmp").empty());
}

TEST_CASE("what nobody has is an error that names it") {
    World world;
    world.publish(id_of("abc"), "web");
    for (const char* key : {"", "abd", "we", "web2", "WEB", "../containers", "."})
        CHECK(world.open_error(key) == cat("no container with name or id \"", key, "\" found"));
    CHECK_FALSE(ContainerDir::find(world.engine, id_of("abd")));
}

TEST_CASE("a name is taken once, and whoever comes second leaves nothing behind") {
    World world;
    world.publish(id_of("a"), "web");
    CHECK_THROWS_WITH_AS(world.publish(id_of("b"), "web"),
                         "the name \"web\" is in use by container a00000000000; remove it (ctl rm web) or choose another name", Error);
    CHECK(world.ids() == std::vector<std::string>{id_of("a")});
    CHECK(files::list(AT_FDCWD, world.dir.path + "/tmp").empty());
    CHECK(ContainerDir::open(world.engine, "web").id() == id_of("a"));
}

TEST_CASE("of many that want one stale name at once, one gets it") {
    World world;
    world.publish(id_of("a"), "web");
    files::remove_tree(AT_FDCWD, ContainerDir::open(world.engine, "web").path()); // as a crash between the two would
    CHECK(world.open_error("web") == "no container with name or id \"web\" found");
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
        const pid_t pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid == 0) {
            try {
                world.publish(id_of("b" + std::to_string(i)), "web");
                ::_exit(0);
            } catch (const Error&) {
                ::_exit(1);
            }
        }
        children.push_back(pid);
    }
    int winners = 0;
    for (const pid_t pid : children) winners += sys::wait_child(pid) == 0;
    CHECK(winners == 1);
    REQUIRE(world.ids().size() == 1);
    CHECK(ContainerDir::open(world.engine, "web").id() == world.ids().front());
}

TEST_CASE("a prefix of two is ambiguous, and a name goes before a prefix") {
    World world;
    world.publish(id_of("abc1"), "one");
    world.publish(id_of("abc2"), "two");
    CHECK(world.open_error("abc").starts_with("container id abc is ambiguous: abc"));
    CHECK(ContainerDir::open(world.engine, "abc2").id() == id_of("abc2"));
    world.publish(id_of("f"), "abc");
    CHECK(ContainerDir::open(world.engine, "abc").id() == id_of("f"));
}

TEST_CASE("an unpublished container is gone by name and id, and its files are in the trash") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    lib::unpublish_container(world.engine, dir, dir.load_record());
    CHECK(world.ids().empty());
    CHECK(world.open_error("web") == "no container with name or id \"web\" found");
    REQUIRE(files::list(AT_FDCWD, world.dir.path + "/trash").size() == 1);
    CHECK(world.publish(id_of("b"), "web").id() == id_of("b"));
    lib::empty_trash(world.engine);
    CHECK(files::list(AT_FDCWD, world.dir.path + "/trash").empty());
}

TEST_CASE("removing a container leaves a name that leads to another") {
    World world;
    const ContainerDir first = world.publish(id_of("a"), "one");
    world.publish(id_of("b"), "two");
    ContainerRecord record = first.load_record();
    record.name = "two";
    lib::unpublish_container(world.engine, first, record);
    CHECK(ContainerDir::open(world.engine, "two").id() == id_of("b"));
}

TEST_CASE("a living process of this boot is running") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    dir.save_state(running_state());
    CHECK(dir.load_state().status == "running");
    CHECK(lib::find_container_process(dir.load_state()));
}

TEST_CASE("after a reboot nothing runs, whoever has the pid now") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    ContainerState state = running_state();
    state.boot_id = "another-boot";
    dir.save_state(state);
    check_lost(dir.load_state());
}

TEST_CASE("a dead process without a monitor was killed") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    ContainerState state = running_state();
    state.pid = dead_pid();
    dir.save_state(state);
    check_lost(dir.load_state());
    CHECK_FALSE(lib::find_container_process(state));
}

TEST_CASE("a reused pid is never taken for the container") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    ContainerState state = running_state();
    ++state.pid_start; // the same number, another process
    dir.save_state(state);
    check_lost(dir.load_state());
    CHECK_FALSE(lib::find_container_process(state));
    state.pid = 0;
    state.pid_start = 0;
    CHECK_FALSE(lib::find_container_process(state));
}

TEST_CASE("what has exited stays as its monitor said") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    ContainerState state;
    state.status = "exited";
    state.boot_id = "another-boot";
    state.exit_code = 3;
    dir.save_state(state);
    CHECK(dir.load_state().exit_code == 3);
}

TEST_CASE("a monitor that is slow to write the exit record does not hold up a reader") {
    World world;
    const ContainerDir dir = world.publish(id_of("a"), "web");
    ContainerState state = running_state();
    state.pid = dead_pid();
    dir.save_state(state);
    FileLock monitor = FileLock::acquire(dir.fd(), "monitor", FileLock::Mode::exclusive);
    CHECK(dir.has_monitor());
    const ContainerState meanwhile = dir.load_state();
    CHECK(meanwhile.status == "stopping");
    CHECK(meanwhile.pid == 0);
    state.status = "exited";
    state.exit_code = 5;
    dir.save_state(state);
    CHECK(dir.load_state().exit_code == 5);
    sys::write_all(monitor.fd(), "5", "last word");
    monitor.release();
    CHECK(dir.wait_for_monitor() == 5);
    CHECK_FALSE(dir.has_monitor());
}

TEST_CASE("a zombie has no start time, and a command's name does not confuse its reading") {
    Pipe named = sys::pipe();
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::prctl(PR_SET_NAME, "x) Z 1 (y");
        sys::write_all(named.write.get(), "n", "name");
        ::pause();
        ::_exit(0);
    }
    char byte;
    REQUIRE(::read(named.read.get(), &byte, 1) == 1);
    const auto start = lib::find_process_start(pid);
    REQUIRE(start);
    CHECK(*start >= *lib::find_process_start(::getpid()));
    ::kill(pid, SIGKILL);
    siginfo_t info;
    REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0); // a zombie now
    CHECK_FALSE(lib::find_process_start(pid));
    sys::wait_child(pid);
    CHECK_FALSE(lib::find_process_start(pid));
}
