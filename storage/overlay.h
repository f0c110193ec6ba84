// Whether the kernel's overlay file system can be used: asked by doing it.
#pragma once

#include "base/paths.h"

#include <optional>
#include <string>

namespace storage {

struct OverlayProbe {
    bool works = false;
    std::string reason; ///< why not, for humans; empty when it works
};

/// The answer of an earlier probe during this boot on this kernel, from the runtime directory.
std::optional<OverlayProbe> find_overlay_probe(const Paths& paths);

/// find_overlay_probe, else a real mount in the data root (lower, upper and work directories, `userxattr`), a read
/// through it, a copy-up and a whiteout. Remembers the answer. Must be called inside a user namespace with a mount
/// namespace of its own; changes the working directory while it runs.
OverlayProbe probe_overlay(const Paths& paths);

/// The same for id-shifted layers (storage/id_shift.h): a lower file that points into a data-only layer.
std::optional<OverlayProbe> find_shift_probe(const Paths& paths);
OverlayProbe probe_shift(const Paths& paths);

} // namespace storage
