// Everything a frame from a container goes through before anybody acts on it.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/netstack/hostile_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static hostile::Reassembly reassembly;
    static std::int64_t now = 0;
    const auto bytes = fuzz::bytes(data, size);
    hostile::read_frame(reassembly, {bytes.begin(), bytes.end()}, ++now);
    return 0;
}

std::vector<std::byte> fuzz::seed(unsigned number) {
    hostile::RandomChoices choices(number + 1);
    return hostile::good_frame(choices);
}
