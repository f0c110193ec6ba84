// See cli/refused_options.h.
#include "cli/refused_options.h"

namespace cli {
namespace {

struct Refused {
    std::string_view option; ///< or command
    std::string_view reason;
};
constexpr Refused all_refused[] = {
    {"cpu-rt-period", "control groups v2 have no realtime budget for a group"},
    {"cpu-rt-runtime", "control groups v2 have no realtime budget for a group"},
    {"device-cgroup-rule", "only root can give or take what is done with devices"},
    {"kernel-memory", "control groups v2 count the kernel's memory with --memory"},
    {"memory-swappiness", "control groups v2 have no swappiness for a group; --memory-swap limits what may be swapped out"},
    {"oom-kill-disable", "control groups v2 cannot pause the OOM killer for a group; --memory-reservation protects some memory"},
    {"rdt-class", "only an administrator can use the processor's resource groups in /sys/fs/resctrl"},
};

constexpr Refused needless[] = {
    {"system migrate", "every version of ctl reads the records of those before it, and no process is kept between commands"},
    {"system renumber", "containers have no numbered locks"},
};

} // namespace

std::string_view needless_reason(std::string_view command) {
    for (const Refused& each : needless)
        if (each.option == command) return each.reason;
    return {};
}

std::string_view refusal_reason(std::string_view option) {
    for (const Refused& refused : all_refused)
        if (refused.option == option) return refused.reason;
    return {};
}

} // namespace cli
