// --restart: when a container is started again after it ended by itself, and how soon.
//
// Podman starts it again at once; Docker waits, longer each time. A container that fails at once would otherwise keep a
// processor busy and fill its log, so we wait as Docker does: 100 ms at first, twice as long after each failure up to a
// minute, and 100 ms again once it has lived for ten seconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lib {

enum class RestartWhen {
    never,
    on_failure,     ///< its exit code was not 0
    always,         ///< until `ctl stop`; a start of the machine starts it again, whatever happened before
    unless_stopped, ///< as always, but a start of the machine leaves one alone that the user has stopped
};

struct RestartPolicy {
    RestartWhen when = RestartWhen::never;
    int most = 0; ///< on_failure: restarts until it is given up; 0: no limit
    bool operator==(const RestartPolicy&) const = default;
};

/// "no", "never", "", "on-failure", "on-failure:5", "always", "unless-stopped". Throws Error.
RestartPolicy parse_restart_policy(std::string_view text);
/// Podman's name of it, without the number: "no" for never.
std::string restart_policy_name(const RestartPolicy& policy);

/// How one run of a container ended.
struct EndedRun {
    int exit_code = 0;
    std::chrono::nanoseconds lifetime{0}; ///< 0: it could not even be started
};

/// Decides after each run. One object for all the runs that one `ctl start` leads to.
class Restarts {
public:
    explicit Restarts(const RestartPolicy& policy) noexcept : policy_(policy) {}

    /// How long to wait until the next run; nullopt when there is to be none.
    std::optional<std::chrono::milliseconds> next(const EndedRun& run) noexcept;
    int count() const noexcept { return count_; } ///< restarts so far
    void change(const RestartPolicy& policy) noexcept { policy_ = policy; } ///< from the next run on

private:
    RestartPolicy policy_;
    int count_ = 0;
    std::chrono::milliseconds pause_{0};
};

} // namespace lib
