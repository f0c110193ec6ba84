// Which process is blamed for a container that does not end.
#include "lib/held_up.h"

#include <doctest/doctest.h>

namespace {

lib::ProcessInfo process(pid_t pid, pid_t parent, char state, const char* name) {
    lib::ProcessInfo info;
    info.pid = pid;
    info.parent = parent;
    info.state = state;
    info.name = name;
    return info;
}

/// The first process is 10.
std::string explain(const std::vector<lib::ProcessInfo>& members) {
    return lib::explain_survivor(members, 10, [](pid_t pid) -> std::optional<lib::ProcessInfo> {
        if (pid == 5) return process(5, 1, 'S', "python3");
        return std::nullopt;
    });
}

} // namespace

TEST_CASE("what ended and is not reaped, by whom") {
    CHECK(explain({process(10, 2, 'S', "init"), process(12, 5, 'Z', "sleep")})
          == "process 12 (sleep) ended, but its parent 5 (python3) does not reap it: end that parent");
    CHECK(explain({process(10, 2, 'S', "init"), process(12, 6, 'Z', "sleep")}) // of another pid namespace, say
          == "process 12 (sleep) ended, but its parent 6 does not reap it: end that parent");
}

TEST_CASE("what sleeps and takes no signal") {
    CHECK(explain({process(10, 2, 'S', "init"), process(11, 10, 'Z', "sh"), process(12, 10, 'D', "dd")})
          == "process 12 (dd) is in uninterruptible sleep (D): the device or file system that it waits for has to answer, or to go");
    CHECK(explain({process(10, 2, 'D', "tar")}).starts_with("process 10 (tar) is in uninterruptible sleep"));
}

TEST_CASE("a zombie inside waits for its parent, which is to blame") {
    CHECK(explain({process(10, 2, 'S', "init"), process(11, 12, 'Z', "sh"), process(12, 10, 'R', "busy")})
          == "process 12 (busy) does not end (state R)");
}

TEST_CASE("a tracer holds what it traces") {
    auto traced = process(12, 10, 'Z', "sh");
    traced.tracer = 5;
    CHECK(explain({process(10, 2, 'S', "init"), traced}) == "process 12 (sh) is held by 5 (python3), which traces it: end that process");
}

TEST_CASE("nothing to be seen") {
    CHECK(explain({}) == "process 10 does not end");
    CHECK(explain({process(10, 2, 'S', "init")}) == "process 10 (init) does not end (state S)");
}
