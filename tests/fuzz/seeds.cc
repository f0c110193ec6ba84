// Writes a target's seeds into the directory $CTL_FUZZ_SEEDS, and ends.
#include "tests/fuzz/fuzz.h"

#include <cstdlib>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    const char* const directory = std::getenv("CTL_FUZZ_SEEDS");
    if (directory == nullptr) return 0;
    for (unsigned number = 0; number < 64; ++number) {
        const std::vector<std::byte> seed = fuzz::seed(number);
        std::ofstream(std::string(directory) + "/" + std::to_string(number), std::ios::binary)
            .write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    }
    std::exit(0);
}
