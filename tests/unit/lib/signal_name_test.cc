#include "lib/signal_name.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <signal.h>

using lib::parse_signal;
using lib::signal_name;

TEST_CASE("signals are known by name, with and without SIG, in any case, and by number") {
    for (const char* text : {"TERM", "SIGTERM", "term", "SigTerm", "15"}) CHECK_MESSAGE(parse_signal(text) == SIGTERM, text);
    CHECK(parse_signal("SIGUSR1") == SIGUSR1);
    CHECK(parse_signal("1") == 1);
    CHECK(parse_signal("64") == 64);
}

TEST_CASE("real-time signals count from both ends, as the shell's kill -l does") {
    CHECK(parse_signal("RTMIN") == 34);
    CHECK(parse_signal("SIGRTMIN+3") == 37); // systemd's "halt"
    CHECK(parse_signal("RTMAX") == 64);
    CHECK(parse_signal("rtmax-2") == 62);
    CHECK(parse_signal("RTMIN+30") == 64);
}

TEST_CASE("every signal's name leads back to it") {
    for (int signal = 1; signal <= 64; ++signal) CHECK_MESSAGE(parse_signal(signal_name(signal)) == signal, signal);
    CHECK(signal_name(9) == "SIGKILL");
    CHECK(signal_name(37) == "SIGRTMIN+3");
    CHECK(signal_name(33) == "33");
}

TEST_CASE("what is no signal is an error that says so") {
    for (const char* text : {"", "SIG", "SIGNOTHING", "TERM ", " 15", "15x", "RTMIN+31", "RTMIN+", "RTMIN+-1", "RTMAX-31", "RTMAX+1", "RTMIN-1", "SIGSIGTERM"})
        CHECK_THROWS_AS_MESSAGE(parse_signal(text), Error, text);
    CHECK_THROWS_WITH_AS(parse_signal("HUB"), "unknown signal \"HUB\"; names are those of signal(7), such as TERM or SIGUSR1", Error);
    for (const char* text : {"0", "65", "-1", "-15"})
        CHECK_THROWS_WITH_AS(parse_signal(text), cat("signal ", text, " does not exist: signals go from 1 to 64").c_str(), Error);
    CHECK_THROWS_AS(parse_signal("99999999999999999999"), Error);
}
