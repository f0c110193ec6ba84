// Questions to the name server, and answers to them.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/netstack/hostile_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::bytes(data, size);
    hostile::read_question({bytes.begin(), bytes.end()});
    (void)netstack::dns::is_answer(bytes, 1, bytes);
    return 0;
}

std::vector<std::byte> fuzz::seed(unsigned number) {
    hostile::RandomChoices choices(number + 1);
    return hostile::dns_query(choices);
}
