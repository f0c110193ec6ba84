// See lib/runtime/grants.h.
#include "lib/runtime/grants.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/processes.h"
#include "rootless/caps.h"
#include "rootless/plan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <vector>

namespace lib::runtime {
namespace {

bool has(const std::vector<std::string>& set, const std::string& name) { return std::ranges::find(set, name) != set.end(); }

/// Leaves in `set` what `may` allows.
void filter(std::vector<std::string>& set, const char* adjective, const std::function<bool(const std::string&)>& may,
            const std::function<void(const std::string&)>& warn) {
    std::erase_if(set, [&](const std::string& name) {
        if (may(name)) return false;
        warn(cat("process.capabilities: ", name, " cannot be ", adjective));
        return true;
    });
}

} // namespace

void drop_ungrantable(oci::Capabilities& capabilities, const oci::RuntimeSpec& spec, const std::function<void(const std::string&)>& warn) {
    const std::vector<std::string> unknown = rootless::unknown_capabilities(capabilities);
    for (const std::string& name : unknown) warn(cat("process.capabilities: this kernel has no ", name));
    for (auto* set : {&capabilities.bounding, &capabilities.effective, &capabilities.permitted, &capabilities.inheritable, &capabilities.ambient})
        std::erase_if(*set, [&](const std::string& name) { return has(unknown, name); });

    rootless::CapMask bounding = rootless::all_caps(), permitted = bounding; // whoever comes into a user namespace has all there
    if (!spec.has_namespace("user")) {
        const ProcessInfo own = find_process(::getpid()).value_or(ProcessInfo{});
        bounding = own.cap_bounding;
        permitted = own.cap_permitted;
    }
    const auto in = [](rootless::CapMask mask) { return [mask](const std::string& name) { return rootless::has_cap(mask, *rootless::find_capability(name)); }; };
    filter(capabilities.bounding, "in the bounding set: the caller has it not in hers", in(bounding), warn);
    filter(capabilities.permitted, "permitted: the caller has it not", in(permitted), warn);
    filter(capabilities.inheritable, "inheritable: it is not in the bounding set", [&](const std::string& name) { return has(capabilities.bounding, name); }, warn);
    filter(capabilities.effective, "effective: it is not permitted", [&](const std::string& name) { return has(capabilities.permitted, name); }, warn);
    filter(capabilities.ambient, "ambient: it is not both permitted and inheritable",
           [&](const std::string& name) { return has(capabilities.permitted, name) && has(capabilities.inheritable, name); }, warn);
}

void check_oom_score(const oci::Process& process) {
    if (!process.oom_score_adj) return;
    constexpr const char* path = "/proc/self/oom_score_adj";
    const std::string own = files::read(path);
    try { // what is allowed the process that asks is allowed the container's
        sys::write_all(sys::open(path, O_WRONLY).get(), std::to_string(*process.oom_score_adj), path);
        sys::write_all(sys::open(path, O_WRONLY).get(), own, path);
    } catch (const SysError& e) {
        throw Error("process.oomScoreAdj: ", *process.oom_score_adj, ": ", std::generic_category().message(e.err()), own.empty() ? "" : cat(" (ours is ", own.substr(0, own.find('\n')), ", and only the administrator may go lower)"));
    }
}

} // namespace lib::runtime
