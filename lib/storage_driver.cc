// See lib/storage_driver.h.
#include "lib/storage_driver.h"

#include "base/error.h"
#include "base/paths.h"
#include "lib/engine.h"
#include "storage/overlay.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

namespace lib {
namespace {

using Find = std::optional<storage::OverlayProbe> (*)(const Paths&);
using Ask = storage::OverlayProbe (*)(const Paths&);

/// An earlier answer of this boot, else a real mount in a user namespace.
std::string probe(Engine& engine, Find find, Ask ask) {
    auto answer = find(engine.paths);
    if (!answer) {
        rootless::run_in_userns(engine.load_maps(), [&] { (void)ask(engine.paths); });
        answer = find(engine.paths);
    }
    if (!answer) return "the answer could not be kept in the runtime directory";
    return answer->works ? "" : answer->reason;
}

std::string overlay_problem(Engine& engine, LayerOwners owners) {
    if (owners == LayerOwners::in_attributes)
        return "the image is in a store that was made to be shared, and owners kept as that does it are shown by storage driver fuse alone";
    if (owners == LayerOwners::shifted_links)
        return "this id map needs the image's files under other owners, and of layers in another store storage driver fuse alone shows them";
    std::string reason = probe(engine, storage::find_overlay_probe, storage::probe_overlay);
    if (!reason.empty())
        return cat("the kernel's overlay file system cannot be used for ", engine.paths.data, " (another file system may do: set XDG_DATA_HOME): ", reason);
    if (owners == LayerOwners::as_stored) return {};
    reason = probe(engine, storage::find_shift_probe, storage::probe_shift);
    if (reason.empty()) return {};
    return cat("this id map needs the image's files under other owners, which Linux can show from version 6.16 on, but not here (", reason,
               "); the default map works, and so does one that leaves the image's ids as they are");
}

} // namespace

std::string_view to_string(StorageDriver driver) {
    switch (driver) {
    case StorageDriver::overlay: return "overlay";
    case StorageDriver::fuse: return "fuse";
    case StorageDriver::combined: return "combined";
    }
    return "?";
}

std::optional<StorageDriver> parse_storage_driver(std::string_view text) {
    if (text.empty()) return std::nullopt;
    for (const StorageDriver driver : {StorageDriver::overlay, StorageDriver::fuse, StorageDriver::combined})
        if (text == to_string(driver)) return driver;
    throw Error("storage driver \"", text, "\": there are overlay (the kernel's), fuse (ctl's own) and combined (the one above the other)");
}

std::string fuse_problem() {
    const UniqueFd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!device)
        return cat("/dev/fuse: ", std::generic_category().message(errno), errno == ENOENT ? " (the module fuse is not loaded)" : "");
    try {
        (void)helper_path("ctl-fuse");
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

StorageDriver choose_driver(Engine& engine, std::optional<StorageDriver> wanted, LayerOwners owners) {
    const std::string ours = fuse_problem();
    std::string problem;
    if (wanted != StorageDriver::fuse) {
        problem = overlay_problem(engine, owners);
        const bool shifts = owners == LayerOwners::shifted || owners == LayerOwners::shifted_many;
        const bool both = wanted ? wanted == StorageDriver::combined && shifts : owners == LayerOwners::shifted_many && ours.empty();
        if (problem.empty() && !both) return StorageDriver::overlay;
        if (problem.empty() && ours.empty()) return StorageDriver::combined;
        if (wanted && !problem.empty()) throw Error(problem);
        if (wanted) throw Error("storage driver combined: ", ours);
    }
    if (ours.empty()) return StorageDriver::fuse;
    if (wanted) throw Error("storage driver fuse: ", ours);
    throw Error(problem, "; ctl's own overlay on FUSE would do, but cannot be used either: ", ours);
}

} // namespace lib
