// Docker's seccomp profile files, see lib/seccomp_profile.h.
#include "lib/seccomp_profile.h"

#include "base/error.h"
#include "base/oci/digest.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

#include <nlohmann/json.hpp>

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace lib {
namespace {

using oci::Fields;
using oci::printable;
using oci::Seccomp;
using oci::SeccompRule;
using Words = std::vector<std::string>;

/// Linux, Go and libseccomp have a name each for the architectures.
struct ArchNames {
    std::string_view machine; ///< uname(2)
    std::string_view go;
    std::string_view seccomp;
};

constexpr std::array<ArchNames, 6> arch_names{{{"x86_64", "amd64", "SCMP_ARCH_X86_64"},
                                               {"aarch64", "arm64", "SCMP_ARCH_AARCH64"},
                                               {"riscv64", "riscv64", "SCMP_ARCH_RISCV64"},
                                               {"ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE"},
                                               {"s390x", "s390x", "SCMP_ARCH_S390X"},
                                               {"armv7l", "arm", "SCMP_ARCH_ARM"}}};

Words words_at(const Fields& fields, const char* name) { return fields.texts(name).value_or(Words{}); }

/// "4.8" or "4.8.0-1": major and minor; nullopt for anything else.
std::optional<std::pair<unsigned, unsigned>> find_version(std::string_view text) {
    unsigned major = 0;
    unsigned minor = 0;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, minor);
    if (second.ec != std::errc()) return std::nullopt;
    return std::pair{major, minor};
}

oci::SeccompAction action_at(const Fields& fields, const char* name) {
    const std::string word = fields.required_text(name);
    const auto action = oci::find_seccomp_action(word);
    if (!action) throw Error(fields.at(name), ": unknown action \"", printable(word), "\"");
    return *action;
}

/// An errno stands as a number in one member, or (Podman) by name in another.
/// The runtime specification has an errno refused beside an action that gives back none.
std::optional<std::uint32_t> errno_at(const Fields& fields, const char* number_name, const char* text_name, oci::SeccompAction action) {
    for (const char* name : {number_name, text_name})
        if (fields.has(name) && action != oci::SeccompAction::error && action != oci::SeccompAction::trace)
            throw Error(fields.at(name), ": ", oci::seccomp_action_name(action), " takes no errno");
    if (const std::string text = fields.text(text_name); !text.empty()) {
        for (int number = 1; number < 4096; ++number)
            if (const char* name = ::strerrorname_np(number); name != nullptr && text == name)
                return static_cast<std::uint32_t>(number);
        throw Error(fields.at(text_name), ": unknown errno \"", printable(text), "\"");
    }
    const auto number = fields.number(number_name);
    if (!number) return std::nullopt;
    if (*number > 4095) throw Error(fields.at(number_name), ": ", *number, " is no errno (0 to 4095)");
    return static_cast<std::uint32_t>(*number);
}

rootless::CapMask caps_at(const Fields& condition) {
    rootless::CapMask mask = 0;
    for (const std::string& word : words_at(condition, "caps")) {
        const auto number = rootless::find_capability(word);
        if (!number) throw Error(condition.at("caps"), ": unknown capability \"", printable(word), "\"");
        mask |= rootless::cap_bit(*number);
    }
    return mask;
}

bool kernel_is_at_least(const Fields& condition, const SeccompTarget& target) {
    const std::string text = condition.text("minKernel");
    const auto wanted = find_version(text);
    if (!wanted) throw Error(condition.at("minKernel"), ": \"", printable(text), "\" is no kernel version such as 4.8");
    return std::pair{target.kernel_major, target.kernel_minor} >= *wanted;
}

bool names_architecture(const Fields& condition, const SeccompTarget& target) {
    return std::ranges::count(words_at(condition, "arches"), target.architecture) != 0;
}

/// `includes`: every stated condition holds; all of the capabilities are there.
bool includes(const std::optional<Fields>& condition, const SeccompTarget& target) {
    if (!condition) return true;
    const rootless::CapMask caps = caps_at(*condition);
    if ((caps & target.caps) != caps) return false;
    if (!words_at(*condition, "arches").empty() && !names_architecture(*condition, target)) return false;
    return !condition->has("minKernel") || kernel_is_at_least(*condition, target);
}

/// `excludes`: any stated condition holds; one of the capabilities is enough.
bool excludes(const std::optional<Fields>& condition, const SeccompTarget& target) {
    if (!condition) return false;
    if ((caps_at(*condition) & target.caps) != 0 || names_architecture(*condition, target)) return true;
    return condition->has("minKernel") && kernel_is_at_least(*condition, target);
}

SeccompRule parse_rule(const Fields& fields) {
    SeccompRule rule;
    rule.names = words_at(fields, "names");
    if (const std::string name = fields.text("name"); !name.empty()) { // the format before Docker 17
        if (!rule.names.empty()) throw Error(fields.at("name"), ": stands beside \"names\"; use one of them");
        rule.names = {name};
    }
    if (rule.names.empty()) throw Error(fields.at("names"), ": missing");
    rule.action = action_at(fields, "action");
    rule.errno_ret = errno_at(fields, "errnoRet", "errno", rule.action);
    for (const Fields& arg : fields.objects("args")) rule.args.push_back(oci::parse_seccomp_arg(arg));
    return rule;
}

/// archMap lists each architecture with the others its kernel also runs; the entry of this machine's counts.
Words architectures(const Fields& profile, const SeccompTarget& target) {
    Words listed = words_at(profile, "architectures");
    const std::vector<Fields> map = profile.objects("archMap");
    if (!listed.empty() && !map.empty()) throw Error(profile.at("archMap"), ": stands beside \"architectures\"; use one of them");
    for (const Fields& entry : map) {
        const std::string name = entry.required_text("architecture");
        const auto known = std::ranges::find(arch_names, target.architecture, &ArchNames::go);
        if (known == arch_names.end() || name != known->seccomp) continue;
        listed = {name};
        const Words further = words_at(entry, "subArchitectures");
        listed.insert(listed.end(), further.begin(), further.end());
    }
    return listed;
}

} // namespace

SeccompTarget native_seccomp_target(rootless::CapMask caps) {
    struct utsname names {};
    if (::uname(&names) != 0) throw SysError{errno, "uname"};
    const std::string_view machine = names.machine;
    const auto known = std::ranges::find(arch_names, machine, &ArchNames::machine);
    const auto version = find_version(names.release).value_or(std::pair{0u, 0u});
    return {caps, std::string(known == arch_names.end() ? machine : known->go), version.first, version.second};
}

Seccomp parse_seccomp_profile(std::string_view json_text, const SeccompTarget& target) {
    const nlohmann::json document = oci::parse_json_text(json_text, "seccomp profile");
    const Fields profile(document, "seccomp profile");
    Seccomp policy;
    policy.listener_path = profile.text("listenerPath");
    policy.listener_metadata = profile.text("listenerMetadata");
    policy.default_action = action_at(profile, "defaultAction");
    policy.default_errno_ret = errno_at(profile, "defaultErrnoRet", "defaultErrno", policy.default_action);
    policy.architectures = architectures(profile, target);
    policy.flags = words_at(profile, "flags");
    for (const Fields& fields : profile.objects("syscalls")) {
        SeccompRule rule = parse_rule(fields); // checked even where it does not apply here
        if (includes(fields.object("includes"), target) && !excludes(fields.object("excludes"), target))
            policy.syscalls.push_back(std::move(rule));
    }
    oci::check_listener(profile, policy);
    return policy;
}

} // namespace lib
