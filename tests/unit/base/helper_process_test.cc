#include "base/helper_process.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>

TEST_CASE("a helper that is content says nothing") {
    HelperProcess helper("/bin/sh", {"-c", "echo noise >&2; exit 0"});
    CHECK_FALSE(helper.finish());
}

TEST_CASE("the words of one that fails are kept, without the last newline") {
    HelperProcess helper("/bin/sh", {"-c", "echo 'no such range' >&2; exit 3"});
    CHECK(helper.finish() == "no such range");
}

TEST_CASE("a helper gets nothing of our environment") {
    REQUIRE(::setenv("CTL_TEST_SECRET", "hidden", 1) == 0);
    HelperProcess helper("/bin/sh", {"-c", "echo \"[$CTL_TEST_SECRET]\" >&2; exit 1"});
    CHECK(helper.finish() == "[]");
}

TEST_CASE("a helper can be interrupted, although we block signals") {
    sigset_t all, before;
    ::sigfillset(&all);
    REQUIRE(::sigprocmask(SIG_SETMASK, &all, &before) == 0);
    HelperProcess helper("/bin/sh", {"-c", "kill -TERM $$; exit 0"}); // exits 0 only where TERM is blocked
    CHECK(helper.finish() == "");
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a helper that is not there is an error naming it") {
    CHECK_THROWS_WITH_AS(HelperProcess("/no/such/helper", {}), "start /no/such/helper: No such file or directory", SysError);
}
