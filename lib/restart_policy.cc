// When a container is started again; see lib/restart_policy.h.
#include "lib/restart_policy.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>

namespace lib {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 100ms;
constexpr std::chrono::milliseconds longest_pause = 1min;
constexpr auto healthy_lifetime = 10s;

int parse_most(std::string_view text, std::string_view number) {
    int most = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), most);
    if (error != std::errc() || end != number.data() + number.size() || most < 0)
        throw Error("--restart=", text, ": \"", number, "\" is not a number of restarts");
    return most;
}

} // namespace

RestartPolicy parse_restart_policy(std::string_view text) {
    const auto colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    RestartPolicy policy;
    if (name == "on-failure") policy.when = RestartWhen::on_failure;
    else if (name == "always") policy.when = RestartWhen::always;
    else if (name == "unless-stopped") policy.when = RestartWhen::unless_stopped;
    else if (!name.empty() && name != "no" && name != "never")
        throw Error("--restart=", text, ": known are no, on-failure[:number], always and unless-stopped");
    if (colon == std::string_view::npos) return policy;
    if (policy.when != RestartWhen::on_failure) throw Error("--restart=", text, ": only on-failure takes a number of restarts");
    policy.most = parse_most(text, text.substr(colon + 1));
    return policy;
}

std::string restart_policy_name(const RestartPolicy& policy) {
    switch (policy.when) {
    case RestartWhen::never: return "no";
    case RestartWhen::on_failure: return "on-failure";
    case RestartWhen::always: return "always";
    case RestartWhen::unless_stopped: return "unless-stopped";
    }
    return "no";
}

std::optional<std::chrono::milliseconds> Restarts::next(const EndedRun& run) noexcept {
    if (policy_.when == RestartWhen::never) return std::nullopt;
    if (policy_.when == RestartWhen::on_failure && (run.exit_code == 0 || (policy_.most > 0 && count_ >= policy_.most)))
        return std::nullopt;
    ++count_;
    const bool afresh = pause_ == 0ms || run.lifetime >= healthy_lifetime;
    pause_ = afresh ? first_pause : std::min(pause_ * 2, longest_pause);
    return pause_;
}

} // namespace lib
