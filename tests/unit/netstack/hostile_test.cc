// What a container may send, which is anything: frames that are nearly right, and conversations nobody would hold.
//
// Random, from a fixed seed, CTL_HOSTILE_RUNS of each (20000): a slice of what the long suite does (meson test --suite long). Built with
// sanitizers every byte outside is seen; without them std::span's own checks are.
#include "tests/unit/netstack/hostile_conversation.h"
#include "tests/unit/netstack/hostile_discovery.h"
#include "tests/unit/netstack/hostile_frames.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>

using namespace hostile;

namespace {

long runs() {
    const char* const text = std::getenv("CTL_HOSTILE_RUNS");
    return text != nullptr ? std::atol(text) : 20'000;
}

} // namespace

TEST_SUITE("netstack/hostile") {

TEST_CASE("frames that are nearly right are read within their bounds") {
    RandomChoices choices(7);
    const auto reassembly = std::make_unique<Reassembly>();
    for (long run = 0; run < runs(); ++run) {
        Frame frame = good_frame(choices);
        spoil(choices, frame);
        read_frame(*reassembly, frame, run);
    }
}

TEST_CASE("questions to the name server that are nearly right") {
    RandomChoices choices(11);
    for (long run = 0; run < runs(); ++run) {
        Frame message = dns_query(choices);
        spoil(choices, message);
        read_question(message);
    }
}

TEST_CASE("whatever a container sends, both sides get what the other said, in order") {
    RandomChoices choices(13);
    for (long run = 0; run < runs() / 20; ++run) Conversation(choices).run();
}

TEST_CASE("neighbour discovery that is nearly right is answered rightly or not at all") {
    RandomChoices choices(17);
    const auto discovery = std::make_unique<Discovery>();
    for (long run = 0; run < runs(); ++run) discovery->hear(choices);
    CHECK(discovery->answers() > 0);
}

} // TEST_SUITE
