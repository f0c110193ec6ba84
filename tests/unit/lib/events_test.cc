#include "lib/events.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <vector>

namespace {

struct Log {
    TempDir dir;
    Paths paths{};
    Log() { paths.data = dir.path; }

    void add(const std::string& name, const std::string& status = "start") {
        lib::Event event;
        event.status = status;
        event.name = name;
        event.id = std::string(64, 'a');
        lib::record_event(paths, event);
    }
    std::vector<std::string> names(lib::EventsRequest request = {}) const {
        request.follow = false;
        std::vector<std::string> found;
        lib::read_events(paths, request, [&](const lib::Event& event) {
            found.push_back(event.name);
            return true;
        });
        return found;
    }
    std::string file() const { return paths.data + "/events/log"; }
};

lib::Event full_event() {
    lib::Event event;
    event.time_ns = 1'700'000'000'123'456'789;
    event.type = "container";
    event.status = "died";
    event.id = "abc123";
    event.name = "web";
    event.image = "docker.io/library/nginx:latest";
    event.exit_code = 137;
    event.error = "because";
    event.attributes = {{"a", "1"}, {"quote\"", "line\nfeed"}};
    return event;
}

} // namespace

TEST_CASE("an event survives being written and read") {
    const lib::Event event = full_event();
    const std::string line = lib::event_line(event);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.starts_with("{\"time\":1700000000,"));
    const auto read = lib::parse_event_line(line);
    REQUIRE(read);
    CHECK(read->time_ns == event.time_ns);
    CHECK(read->type == event.type);
    CHECK(read->status == event.status);
    CHECK(read->id == event.id);
    CHECK(read->name == event.name);
    CHECK(read->image == event.image);
    CHECK(read->exit_code == event.exit_code);
    CHECK(read->error == event.error);
    CHECK(read->attributes == event.attributes);
}

TEST_CASE("a line behind an unfinished one is found, anything else is none") {
    const std::string line = lib::event_line(full_event());
    const auto found = lib::parse_event_line(line.substr(0, line.size() / 2) + line);
    REQUIRE(found);
    CHECK(found->name == "web");
    for (const std::string& wrong : {std::string(), std::string("{}"), line.substr(0, line.size() - 1), std::string("nonsense")})
        CHECK_FALSE(lib::parse_event_line(wrong));
}

TEST_CASE("events come in their order") {
    Log log;
    CHECK(log.names().empty()); // without a log, too
    for (const char* name : {"one", "two", "three"}) log.add(name);
    CHECK(log.names() == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("since and until choose by time") {
    Log log;
    log.add("before");
    const std::int64_t between = sys::realtime_ns();
    log.add("after");
    CHECK(log.names({.since = between, .until = {}, .filter = {}}) == std::vector<std::string>{"after"});
    CHECK(log.names({.since = {}, .until = between, .filter = {}}) == std::vector<std::string>{"before"});
}

TEST_CASE("filters: values of one key are alternatives, keys are not") {
    const lib::Event event = full_event();
    const auto matches = [&](const std::vector<std::string>& words) { return lib::EventFilter(words).matches(event); };
    CHECK(matches({}));
    CHECK(matches({"container=web"}));
    CHECK(matches({"container=abc"}));
    CHECK(matches({"event=died"}));
    CHECK(matches({"status=died"}));
    CHECK(matches({"type=container"}));
    CHECK(matches({"label=a"}));
    CHECK(matches({"label=a=1"}));
    CHECK(matches({"event=start", "event=died"}));
    CHECK(matches({"event=died", "container=web"}));
    CHECK_FALSE(matches({"event=died", "container=other"}));
    CHECK_FALSE(matches({"container=eb"}));
    CHECK_FALSE(matches({"container="}));
    CHECK_FALSE(matches({"label=a=2"}));
    CHECK_FALSE(matches({"image=web"})); // the name of a container is not one of an image
    CHECK_FALSE(matches({"volume=web"}));
    CHECK_THROWS_AS(lib::EventFilter({"color=red"}), Error);
    CHECK_THROWS_AS(lib::EventFilter({"web"}), Error);
}

TEST_CASE("the log is rotated, and both files are read") {
    Log log;
    log.add("first");
    const UniqueFd file = sys::open(log.file(), O_WRONLY);
    REQUIRE(::ftruncate(file.get(), (4 << 20) + 1) == 0); // zeros: a line that is none of ours
    log.add("last of the old");
    CHECK_FALSE(sys::find_stat_at(AT_FDCWD, log.file()));
    log.add("first of the new");
    const auto names = log.names();
    CHECK(names.front() == "first");
    CHECK(names.back() == "first of the new");
}

TEST_CASE("labels without end do not come along") {
    Log log;
    lib::Event event;
    event.name = "large";
    event.attributes["label"] = std::string(100'000, 'x');
    lib::record_event(log.paths, event);
    CHECK(log.names() == std::vector<std::string>{"large"});
    CHECK(files::read(log.file()).size() < 1000);
}

TEST_CASE("what cannot be written is nobody's error") {
    Log log;
    log.paths.data = "/proc/self/no-such-place";
    log.add("lost");
    CHECK(log.names().empty());
}
