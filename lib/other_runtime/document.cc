// See lib/other_runtime/document.h.
#include "lib/other_runtime/document.h"

#include "base/error.h"
#include "lib/spec_builder.h"
#include "rootless/overlay_options.h"
#include "rootless/plan.h"
#include "rootless/surroundings.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <vector>

namespace lib {
namespace {

using nlohmann::json;

constexpr const char* own_version = "1.2.0";

bool is_bind(const oci::Mount& mount) {
    return mount.type == "bind" || std::ranges::any_of(mount.options, [](const std::string& o) { return o == "bind" || o == "rbind"; });
}

/// "1.0.2-dev" -> {1, 0, 2}
std::vector<int> version_numbers(const std::string& version) {
    std::vector<int> numbers;
    const char* at = version.data();
    const char* const end = at + version.size();
    while (at < end) {
        int number = 0;
        const auto [next, error] = std::from_chars(at, end, number);
        if (error != std::errc()) break;
        numbers.push_back(number);
        if (next == end || *next != '.') break;
        at = next + 1;
    }
    return numbers;
}

void check_mount(const oci::Mount& mount, const OtherRuntime& runtime) {
    const auto refuse = [&](const auto&... why) {
        throw Error("the mount on ", mount.destination, " is not possible with --runtime ", runtime.name, ": ", why...);
    };
    if (mount.type == rootless::fuse_overlay_type) refuse("ctl's own overlay shows it, which only ctl's runtime can mount; use the kernel's (--storage-driver overlay)");
    if (kind_of(runtime) == RuntimeKind::runsc && rootless::is_overlay(mount)) refuse("gVisor mounts no overlays (option O, images)");
    for (const std::string& option : mount.options)
        if (option.starts_with("X-mount.subdir=")) refuse("a part of a volume (subpath) can be mounted by ctl's runtime alone");
}

void check_seccomp(const oci::Seccomp& seccomp, const OtherRuntime& runtime, const RuntimeAbilities& abilities) {
    const auto refuse = [&](const char* what, std::string_view word) {
        throw Error("--runtime ", runtime.name, ": it does not know the ", what, " ", word, " of the seccomp profile");
    };
    if (abilities.seccomp == false)
        throw Error("--runtime ", runtime.name, ": it is built without seccomp; --security-opt seccomp=unconfined does without a filter");
    const auto check_action = [&](oci::SeccompAction action) {
        if (!may_have(abilities.seccomp_actions, std::string(oci::seccomp_action_name(action)))) refuse("action", oci::seccomp_action_name(action));
    };
    check_action(seccomp.default_action);
    for (const oci::SeccompRule& rule : seccomp.syscalls) {
        check_action(rule.action);
        for (const oci::SeccompArg& arg : rule.args)
            if (!may_have(abilities.seccomp_operators, std::string(oci::seccomp_op_name(arg.op)))) refuse("operator", oci::seccomp_op_name(arg.op));
    }
    for (const std::string& flag : seccomp.flags)
        if (!may_have(abilities.seccomp_flags, flag)) refuse("flag", flag);
}

/// Read-only is meant for what is mounted below, too; and options of ours alone are dropped.
void adapt_mounts(oci::RuntimeSpec& spec, const RuntimeAbilities& abilities) {
    const bool terminal_group = rootless::has_terminal_group(spec); // by the maps, which are still there
    for (oci::Mount& mount : spec.mounts) {
        std::erase(mount.options, "nofail");
        if (mount.type == "devpts" && !terminal_group) std::erase(mount.options, "gid=5");
        if (!is_bind(mount)) continue;
        const bool read_only = std::ranges::find(mount.options, "ro") != mount.options.end();
        const bool recursive = std::ranges::find(mount.options, "bind") == mount.options.end();
        if (std::ranges::find(mount.options, "rbind") == mount.options.end() && recursive) mount.options.emplace_back("rbind");
        if (read_only && recursive && abilities.mount_options && may_have(abilities.mount_options, "rro")) mount.options.emplace_back("rro");
    }
}

void keep_known(std::vector<std::string>& names, const std::optional<std::vector<std::string>>& known) {
    std::erase_if(names, [&](const std::string& name) { return !may_have(known, name); });
}

/// The kernel has capabilities that the runtime may be too old to know, and it would refuse all for one.
void adapt_capabilities(oci::Capabilities& caps, const RuntimeAbilities& abilities) {
    for (std::vector<std::string>* set : {&caps.bounding, &caps.effective, &caps.inheritable, &caps.permitted, &caps.ambient})
        keep_known(*set, abilities.capabilities);
}

/// Those that are joined are the stage's, which has been put into them.
void adapt_namespaces(oci::RuntimeSpec& spec, pid_t stage) {
    std::erase_if(spec.namespaces, [](const oci::Namespace& n) { return n.type == "user"; });
    for (oci::Namespace& n : spec.namespaces) {
        if (n.type == "network" || !n.path.empty())
            n.path = cat("/proc/", stage, "/ns/", rootless::namespace_file(rootless::namespace_flag(n.type)));
    }
    spec.uid_mappings.clear();
    spec.gid_mappings.clear();
}

} // namespace

void check_document(const oci::RuntimeSpec& spec, const OtherRuntime& runtime, const RuntimeAbilities& abilities) {
    for (const oci::Mount& mount : spec.mounts) check_mount(mount, runtime);
    for (const oci::Namespace& n : spec.namespaces)
        if (n.type != "user" && !may_have(abilities.namespaces, n.type)) throw Error("--runtime ", runtime.name, ": it has no ", n.type, " namespaces");
    // runc before 1.2, whose specification is 1.0, reads over it.
    if (!spec.personality.empty() && kind_of(runtime) != RuntimeKind::crun && version_numbers(abilities.newest) < std::vector{1, 1})
        throw Error("--personality ", spec.personality, ": --runtime ", runtime.name, " does not say that it is new enough to know personalities");
    if (keeps_groups(spec) && kind_of(runtime) != RuntimeKind::crun)
        throw Error("--group-add keep-groups is not possible with --runtime ", runtime.name, ": of other runtimes crun alone can do it");
    if (spec.seccomp) check_seccomp(*spec.seccomp, runtime, abilities);
}

std::string document_for(oci::RuntimeSpec spec, const OtherRuntime& runtime, const RuntimeAbilities& abilities, const DocumentPlace& place) {
    check_document(spec, runtime, abilities);
    adapt_mounts(spec, abilities);
    adapt_namespaces(spec, place.stage);
    adapt_capabilities(spec.process.capabilities, abilities);
    if (spec.seccomp) keep_known(spec.seccomp->architectures, abilities.seccomp_architectures);
    if (place.rows != 0 && spec.process.terminal) spec.process.console_size = oci::ConsoleSize{place.rows, place.columns};
    spec.resources = {};
    spec.cgroups_path = place.cgroup.empty() ? "" : cat(place.cgroup == "/" ? "" : place.cgroup, "/container");
    const std::string text = oci::to_json_text(spec);
    // One that does not tell may be of any age, and refuse versions that it does not know.
    const std::string newest = abilities.newest.empty() ? "1.0.0" : abilities.newest;
    if (version_numbers(own_version) <= version_numbers(newest)) return text;
    json document = json::parse(text);
    document["ociVersion"] = newest;
    return document.dump(2);
}

std::string process_document_for(oci::Process process, const RuntimeAbilities& abilities) {
    adapt_capabilities(process.capabilities, abilities);
    oci::RuntimeSpec spec;
    spec.process = std::move(process);
    return json::parse(oci::to_json_text(spec)).at("process").dump(2);
}

} // namespace lib
