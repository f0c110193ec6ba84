// See lib/tree_sizes.h.
#include "lib/tree_sizes.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "rootless/userns.h"
#include "storage/tree_size.h"

#include <sys/mman.h>

#include <cerrno>

namespace lib {

std::vector<std::uint64_t> tree_sizes(Engine& engine, const std::vector<std::string>& paths) {
    if (paths.empty()) return {};
    // The child's answers come back through memory that both share.
    const std::size_t bytes = paths.size() * sizeof(std::uint64_t);
    void* shared = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw SysError{errno, "map memory to share with a child"};
    const OnExit unmap([&] { ::munmap(shared, bytes); });
    auto* sizes = static_cast<std::uint64_t*>(shared);
    rootless::run_in_userns(engine.load_maps(), [&] {
        for (std::size_t i = 0; i < paths.size(); ++i) sizes[i] = storage::tree_size(paths[i]);
    });
    return {sizes, sizes + paths.size()};
}

} // namespace lib
