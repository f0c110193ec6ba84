// Records of detached execs, and the keeper that writes them.
#include "lib/exec_keeper.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using lib::ExecRecord;

struct World {
    TempDir dir;
    lib::Engine engine;
    lib::ContainerDir container = publish();

    lib::ContainerDir publish() {
        engine.paths.data = dir.path;
        engine.paths.boot_id = "this-boot";
        lib::ContainerRecord record;
        record.id = std::string(64, 'a');
        record.name = "box";
        lib::publish_container(engine, record, "{}", {});
        return lib::ContainerDir::open(engine, "box");
    }
    std::vector<ExecRecord> records() const { return lib::list_exec_records(container, "this-boot"); }
};

ExecRecord record_of(const char* id, std::int64_t started) {
    ExecRecord record;
    record.id = id;
    record.command = {"sh", "-c", "true"};
    record.user = "app";
    record.tty = true;
    record.boot_id = "this-boot";
    record.started = started;
    record.finished = started + 1;
    record.exit_code = 4;
    return record;
}

/// A child of the keeper, as launch_inside makes one.
rootless::Launched launch_child(int exit_code) {
    rootless::Launched launched;
    launched.pid = ::fork();
    if (launched.pid == 0) ::_exit(exit_code);
    launched.pidfd = std::move(*sys::pidfd_open(launched.pid));
    return launched;
}

} // namespace

TEST_CASE("a record comes back as it was written, the oldest first") {
    World world;
    CHECK(world.records().empty());
    lib::save_exec_record(world.container, record_of("b", 20));
    lib::save_exec_record(world.container, record_of("a", 10));
    const auto records = world.records();
    REQUIRE(records.size() == 2);
    CHECK(records[0].id == "a");
    CHECK(records[1].id == "b");
    CHECK(records[0].command == std::vector<std::string>{"sh", "-c", "true"});
    CHECK(records[0].user == "app");
    CHECK(records[0].tty);
    CHECK(records[0].finished == 11);
    CHECK(records[0].exit_code == 4);
    CHECK_FALSE(records[0].is_running);
}

TEST_CASE("what runs is what can be seen") {
    World world;
    ExecRecord running = record_of("a", 1);
    running.finished = 0;
    running.exit_code = 0;
    running.pid = ::getpid();
    running.pid_start = *lib::find_process_start(::getpid());
    lib::save_exec_record(world.container, running);
    CHECK(world.records().front().is_running);
    const auto is_lost = [&](const ExecRecord& record) {
        lib::save_exec_record(world.container, record);
        const ExecRecord seen = world.records().front();
        return !seen.is_running && seen.exit_code == 137; // killed, and its keeper with it
    };
    ExecRecord other_process = running;
    other_process.pid_start += 1;
    CHECK(is_lost(other_process));
    ExecRecord other_boot = running;
    other_boot.boot_id = "last-boot";
    CHECK(is_lost(other_boot));
}

TEST_CASE("a power cut's empty files and files of others are left out, old records go") {
    World world;
    for (int i = 0; i < 9; ++i) lib::save_exec_record(world.container, record_of(cat("id", i).c_str(), i));
    files::write_atomic(world.container.fd(), "execs/empty.json", "", 0600, files::Durability::none);
    files::write_atomic(world.container.fd(), "execs/other", "x", 0600, files::Durability::none);
    CHECK(world.records().size() == 9);
    lib::prune_exec_records(world.container, "this-boot", 3);
    const auto left = world.records();
    REQUIRE(left.size() == 3);
    CHECK(left.front().id == "id6");
}

TEST_CASE("the keeper records the end, and the caller is no parent") {
    World world;
    lib::KeeperJob job;
    job.dir = &world.container;
    job.container_name = "box";
    job.record.id = "kept";
    job.record.boot_id = "this-boot";
    job.launch = [] { return launch_child(5); };
    lib::start_exec_keeper(std::move(job));
    int status = 0;
    REQUIRE(::waitpid(-1, &status, 0) > 0); // the keeper, the only child there is
    const auto records = world.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].exit_code == 5);
    CHECK(records[0].finished >= records[0].started);
    CHECK(records[0].started > 0);
    CHECK_FALSE(records[0].is_running);
}

TEST_CASE("what keeps the command from starting is the caller's error, with its exit code") {
    World world;
    lib::KeeperJob job;
    job.dir = &world.container;
    job.record.id = "none";
    job.launch = []() -> rootless::Launched { throw Error("no such command").with_exit_code(127); };
    int code = 0;
    std::string what;
    try {
        lib::start_exec_keeper(std::move(job));
    } catch (const Error& e) {
        code = e.exit_code;
        what = e.what();
    }
    CHECK(code == 127);
    CHECK(what == "no such command");
    CHECK(world.records().empty());
    ::waitpid(-1, nullptr, 0);
}
