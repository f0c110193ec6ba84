// Neighbour discovery; the input is what the container decides.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/netstack/hostile_discovery.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static hostile::Discovery discovery;
    hostile::GivenChoices choices(fuzz::bytes(data, size));
    discovery.hear(choices);
    return 0;
}

std::vector<std::byte> fuzz::seed(unsigned number) { return std::vector<std::byte>(16 + number, std::byte{1}); }
