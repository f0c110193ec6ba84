// A conversation over the TCP machine; the input is what the container, the host and the clock decide.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/netstack/hostile_conversation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    hostile::GivenChoices choices(fuzz::bytes(data, size));
    hostile::Conversation(choices).run();
    return 0;
}

std::vector<std::byte> fuzz::seed(unsigned number) {
    hostile::RandomChoices choices(number + 1);
    std::vector<std::byte> bytes(600);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(choices.below(256));
    return bytes;
}
