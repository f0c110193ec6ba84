#include "lib/restart_policy.h"

#include "base/error.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using lib::RestartPolicy;
using lib::RestartWhen;

TEST_CASE("restart policies are read as Podman writes them") {
    CHECK(lib::parse_restart_policy("no") == RestartPolicy{});
    CHECK(lib::parse_restart_policy("never") == RestartPolicy{});
    CHECK(lib::parse_restart_policy("") == RestartPolicy{});
    CHECK(lib::parse_restart_policy("always") == RestartPolicy{RestartWhen::always, 0});
    CHECK(lib::parse_restart_policy("unless-stopped") == RestartPolicy{RestartWhen::unless_stopped, 0});
    CHECK(lib::parse_restart_policy("on-failure") == RestartPolicy{RestartWhen::on_failure, 0});
    CHECK(lib::parse_restart_policy("on-failure:7") == RestartPolicy{RestartWhen::on_failure, 7});
    for (const char* wrong : {"sometimes", "always:3", "no:1", "on-failure:", "on-failure:x", "on-failure:-1", "on-failure:1 "})
        CHECK_THROWS_AS(lib::parse_restart_policy(wrong), Error);
}

TEST_CASE("a policy is shown by its name") {
    for (const char* name : {"no", "on-failure", "always", "unless-stopped"})
        CHECK(lib::restart_policy_name(lib::parse_restart_policy(name)) == name);
    CHECK(lib::restart_policy_name(lib::parse_restart_policy("on-failure:3")) == "on-failure");
}

TEST_CASE("without a policy nothing is started again") {
    lib::Restarts restarts({});
    CHECK_FALSE(restarts.next({1, 1s}));
    CHECK(restarts.count() == 0);
}

TEST_CASE("on-failure starts again after a failure, so many times") {
    lib::Restarts restarts({RestartWhen::on_failure, 2});
    CHECK(restarts.next({1, 1s}));
    CHECK(restarts.next({137, 1s}));
    CHECK_FALSE(restarts.next({1, 1s}));
    CHECK(restarts.count() == 2);
}

TEST_CASE("on-failure is content with exit code 0") {
    lib::Restarts restarts({RestartWhen::on_failure, 0});
    CHECK_FALSE(restarts.next({0, 1s}));
}

TEST_CASE("always starts again whatever the exit code") {
    for (const auto when : {RestartWhen::always, RestartWhen::unless_stopped}) {
        lib::Restarts restarts({when, 0});
        CHECK(restarts.next({0, 1s}));
        CHECK(restarts.next({1, 1s}));
        CHECK(restarts.count() == 2);
    }
}

TEST_CASE("the pause doubles from 100 ms to a minute and begins again after ten seconds of life") {
    lib::Restarts restarts({RestartWhen::always, 0});
    CHECK(restarts.next({1, 1s}) == 100ms);
    CHECK(restarts.next({1, 0s}) == 200ms);
    CHECK(restarts.next({1, 9'999ms}) == 400ms);
    for (int i = 0; i < 20; ++i) (void)restarts.next({1, 1s});
    CHECK(restarts.next({1, 1s}) == 60s);
    CHECK(restarts.next({1, 10s}) == 100ms);
    CHECK(restarts.next({1, 1s}) == 200ms);
}
