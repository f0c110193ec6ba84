// layer_tar DIFF-ID: writes the uncompressed tar of a layer in the user's store to standard output, rebuilt from its files
// and index. For the tests: its digest must be the diff-id again.
#include "base/error.h"
#include "base/sys.h"
#include "rootless/userns.h"
#include "storage/rebuild.h"

#include <unistd.h>

#include <array>
#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    try {
        const Paths paths = Paths::detect();
        const auto maps = rootless::load_id_maps(paths, rootless::IdPolicy::subordinate);
        rootless::run_in_userns(maps, [&] { // files of other owners than the user's
            const auto tar = storage::open_layer_tar(storage::Store(paths), argv[1]);
            std::array<std::byte, 65536> buffer;
            while (const std::size_t n = tar->read(buffer))
                sys::write_all(STDOUT_FILENO, {reinterpret_cast<const char*>(buffer.data()), n}, "standard output");
        });
        return 0;
    } catch (const Error& e) {
        std::fprintf(stderr, "layer_tar: %s\n", e.what());
        return 1;
    }
}
