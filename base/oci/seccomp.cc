// The runtime spec's `linux.seccomp` as JSON, see base/oci/seccomp.h.
#include "base/oci/seccomp.h"

#include "base/error.h"
#include "base/oci/json_fields.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace oci {
namespace {

using nlohmann::json;

template <class Value>
using Names = std::pair<std::string_view, Value>;

/// The first name of a value is the one written.
constexpr std::array<Names<SeccompAction>, 9> action_names{{{"SCMP_ACT_ALLOW", SeccompAction::allow},
                                                            {"SCMP_ACT_LOG", SeccompAction::log},
                                                            {"SCMP_ACT_ERRNO", SeccompAction::error},
                                                            {"SCMP_ACT_TRACE", SeccompAction::trace},
                                                            {"SCMP_ACT_TRAP", SeccompAction::trap},
                                                            {"SCMP_ACT_KILL_THREAD", SeccompAction::kill_thread},
                                                            {"SCMP_ACT_KILL", SeccompAction::kill_thread},
                                                            {"SCMP_ACT_KILL_PROCESS", SeccompAction::kill_process},
                                                            {"SCMP_ACT_NOTIFY", SeccompAction::notify}}};

constexpr std::array<Names<SeccompOp>, 7> op_names{{{"SCMP_CMP_NE", SeccompOp::not_equal},
                                                    {"SCMP_CMP_LT", SeccompOp::less},
                                                    {"SCMP_CMP_LE", SeccompOp::less_equal},
                                                    {"SCMP_CMP_EQ", SeccompOp::equal},
                                                    {"SCMP_CMP_GE", SeccompOp::greater_equal},
                                                    {"SCMP_CMP_GT", SeccompOp::greater},
                                                    {"SCMP_CMP_MASKED_EQ", SeccompOp::masked_equal}}};

template <class Table>
auto find_value(const Table& table, std::string_view name) -> std::optional<decltype(table[0].second)> {
    for (const auto& [known, value] : table)
        if (known == name) return value;
    return std::nullopt;
}

template <class Table, class Value>
std::string_view name_of(const Table& table, Value wanted) {
    for (const auto& [name, value] : table)
        if (value == wanted) return name;
    return {};
}

std::optional<std::uint32_t> errno_at(const Fields& fields, const char* name, SeccompAction action) {
    const auto value = fields.number(name);
    if (!value) return std::nullopt;
    if (*value > 4095) throw Error(fields.at(name), ": ", *value, " is no errno (0 to 4095)");
    if (action != SeccompAction::error && action != SeccompAction::trace)
        throw Error(fields.at(name), ": ", seccomp_action_name(action), " takes no errno");
    return static_cast<std::uint32_t>(*value);
}

SeccompAction action_at(const Fields& fields, const char* name) {
    const std::string word = fields.required_text(name);
    const auto action = find_seccomp_action(word);
    if (!action) throw Error(fields.at(name), ": unknown action \"", printable(word), "\"");
    return *action;
}

SeccompRule parse_rule(const Fields& fields) {
    SeccompRule rule;
    rule.names = fields.texts("names").value_or(std::vector<std::string>{});
    if (rule.names.empty()) throw Error(fields.at("names"), ": missing");
    rule.action = action_at(fields, "action");
    rule.errno_ret = errno_at(fields, "errnoRet", rule.action);
    for (const Fields& arg : fields.objects("args")) {
        for (const char* name : {"index", "value"}) // which files of profiles may leave out
            if (!arg.has(name)) throw Error(arg.at(name), ": missing");
        rule.args.push_back(parse_seccomp_arg(arg));
    }
    return rule;
}

json rule_json(const SeccompRule& rule) {
    json object{{"names", rule.names}, {"action", seccomp_action_name(rule.action)}};
    if (rule.errno_ret) object["errnoRet"] = *rule.errno_ret;
    for (const SeccompArg& arg : rule.args)
        object["args"].push_back({{"index", arg.index},
                                  {"value", arg.value},
                                  {"valueTwo", arg.value_two},
                                  {"op", seccomp_op_name(arg.op)}});
    return object;
}

} // namespace

SeccompArg parse_seccomp_arg(const Fields& fields) {
    const std::uint64_t index = fields.number("index").value_or(0);
    if (index > 5) throw Error(fields.at("index"), ": system calls have the arguments 0 to 5");
    const std::string word = fields.required_text("op");
    const auto op = find_seccomp_op(word);
    if (!op) throw Error(fields.at("op"), ": unknown comparison \"", printable(word), "\"");
    return {static_cast<std::uint32_t>(index), fields.number("value").value_or(0), fields.number("valueTwo").value_or(0), *op};
}

std::optional<SeccompAction> find_seccomp_action(std::string_view name) { return find_value(action_names, name); }
std::string_view seccomp_action_name(SeccompAction action) { return name_of(action_names, action); }
std::optional<SeccompOp> find_seccomp_op(std::string_view name) { return find_value(op_names, name); }
std::string_view seccomp_op_name(SeccompOp op) { return name_of(op_names, op); }

bool Seccomp::notifies() const {
    return std::ranges::any_of(syscalls, [](const SeccompRule& rule) { return rule.action == SeccompAction::notify; });
}

void check_listener(const Fields& fields, const Seccomp& seccomp) {
    if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty()) throw Error(fields.at("listenerMetadata"), ": needs listenerPath");
    if (seccomp.default_action == SeccompAction::notify)
        throw Error(fields.at("defaultAction"), ": SCMP_ACT_NOTIFY cannot be for everything: by system calls the listener is passed on");
    if (seccomp.notifies() && seccomp.listener_path.empty())
        throw Error(fields.at("listenerPath"), ": missing, and SCMP_ACT_NOTIFY needs somebody to ask");
}

void to_json(json& object, const Seccomp& seccomp) {
    object = json{{"defaultAction", seccomp_action_name(seccomp.default_action)}};
    if (seccomp.default_errno_ret) object["defaultErrnoRet"] = *seccomp.default_errno_ret;
    if (!seccomp.architectures.empty()) object["architectures"] = seccomp.architectures;
    if (!seccomp.flags.empty()) object["flags"] = seccomp.flags;
    json::array_t rules;
    rules.reserve(seccomp.syscalls.size());
    for (const SeccompRule& rule : seccomp.syscalls) rules.push_back(rule_json(rule));
    object["syscalls"] = std::move(rules);
    if (!seccomp.listener_path.empty()) object["listenerPath"] = seccomp.listener_path;
    if (!seccomp.listener_metadata.empty()) object["listenerMetadata"] = seccomp.listener_metadata;
}

void from_json(const json& object, Seccomp& seccomp) {
    const Fields fields(object, "linux.seccomp");
    seccomp = {};
    seccomp.listener_path = fields.text("listenerPath");
    seccomp.listener_metadata = fields.text("listenerMetadata");
    seccomp.default_action = action_at(fields, "defaultAction");
    seccomp.default_errno_ret = errno_at(fields, "defaultErrnoRet", seccomp.default_action);
    seccomp.architectures = fields.texts("architectures").value_or(std::vector<std::string>{});
    seccomp.flags = fields.texts("flags").value_or(std::vector<std::string>{});
    for (const Fields& rule : fields.objects("syscalls")) seccomp.syscalls.push_back(parse_rule(rule));
    check_listener(fields, seccomp);
}

} // namespace oci
