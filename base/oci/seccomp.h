// The runtime spec's `linux.seccomp` (config-linux.md, "Seccomp"): types and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oci {

enum class SeccompAction { allow, log, error, trace, trap, kill_thread, kill_process, notify };
enum class SeccompOp { not_equal, less, less_equal, equal, greater_equal, greater, masked_equal };

/// A condition on one argument. For masked_equal: (argument & value) == value_two.
struct SeccompArg {
    std::uint32_t index = 0; ///< 0..5
    std::uint64_t value = 0;
    std::uint64_t value_two = 0;
    SeccompOp op = SeccompOp::equal;
    bool operator==(const SeccompArg&) const = default;
};

/// What happens to some system calls when all conditions hold.
struct SeccompRule {
    std::vector<std::string> names;
    SeccompAction action = SeccompAction::allow;
    std::optional<std::uint32_t> errno_ret; ///< for error and trace; EPERM when absent
    std::vector<SeccompArg> args;
    bool operator==(const SeccompRule&) const = default;
};

struct Seccomp {
    SeccompAction default_action = SeccompAction::error;
    std::optional<std::uint32_t> default_errno_ret;
    std::vector<std::string> architectures; ///< "SCMP_ARCH_X86_64" …; empty: the native one
    std::vector<std::string> flags;         ///< "SECCOMP_FILTER_FLAG_LOG" …
    std::vector<SeccompRule> syscalls;
    std::string listener_path;     ///< the socket that gets the descriptor of the notifications
    std::string listener_metadata; ///< what is sent along; none without a path
    bool notifies() const;         ///< some system calls are SCMP_ACT_NOTIFY; without any a listener is ignored
    bool operator==(const Seccomp&) const = default;
};

/// "SCMP_ACT_ERRNO" and the like. Unknown: nullopt.
std::optional<SeccompAction> find_seccomp_action(std::string_view name);
std::string_view seccomp_action_name(SeccompAction action);
/// "SCMP_CMP_MASKED_EQ" and the like. Unknown: nullopt.
std::optional<SeccompOp> find_seccomp_op(std::string_view name);
std::string_view seccomp_op_name(SeccompOp op);

class Fields;
/// One condition; Docker's profile format has the same.
SeccompArg parse_seccomp_arg(const Fields& fields);

/// That a policy with SCMP_ACT_NOTIFY says who answers, `fields` being its document. Throws Error.
void check_listener(const Fields& fields, const Seccomp& seccomp);

void to_json(nlohmann::json& json, const Seccomp& seccomp);
/// Throws Error naming the field, e.g. `linux.seccomp: syscalls[3].action: …`. Unknown fields are ignored.
void from_json(const nlohmann::json& json, Seccomp& seccomp);

} // namespace oci
