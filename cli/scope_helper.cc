// ctl-scope: talks to the systemd of the user (of the system, for root) for containers with limits. A program of its own,
// because ctl links statically and sd-bus is a shared library; rootless/cgroup.cc starts it only when there are limits.
//
//   ctl-scope --bus SOCKET start UNIT DESCRIPTION SLICE PID...   a transient scope with these processes; waits for its job.
//                                                          An empty SLICE is systemd's choice
//   ctl-scope --bus SOCKET attach UNIT SUBCGROUP PID       one more process, into a cgroup below the scope's
//
// Exit 0, or 1 with one line on stderr. The processes must be the caller's own.
#include "base/error.h"
#include "base/on_exit.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr auto patience = std::chrono::seconds(10);

constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* systemd_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";

struct BusDeleter {
    void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};
struct MessageDeleter {
    void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, BusDeleter>;
using Message = std::unique_ptr<sd_bus_message, MessageDeleter>;

/// sd-bus calls return -errno.
int check(int result, const std::string& what) {
    if (result < 0) throw SysError{-result, what};
    return result;
}

/// sd_bus_error with its release.
class BusError {
public:
    BusError() = default;
    BusError(const BusError&) = delete;
    BusError& operator=(const BusError&) = delete;
    ~BusError() { sd_bus_error_free(&error_); }
    sd_bus_error* out() noexcept {
        sd_bus_error_free(&error_);
        return &error_;
    }
    bool is(const char* name) const noexcept { return sd_bus_error_has_name(&error_, name) > 0; }
    /// The text of the other side, else that of the errno.
    std::string text(int result) const {
        return error_.message != nullptr ? error_.message : std::generic_category().message(-result);
    }

private:
    sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

std::uint32_t parse_pid(std::string_view text) {
    std::uint32_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{} || end != text.data() + text.size() || pid == 0) throw Error("not a process id: ", text);
    return pid;
}

Bus connect(const std::string& socket) {
    sd_bus* raw = nullptr;
    check(sd_bus_new(&raw), "sd_bus_new");
    Bus bus(raw);
    check(sd_bus_set_address(raw, cat("unix:path=", socket).c_str()), cat("use the bus ", socket));
    check(sd_bus_set_bus_client(raw, 1), "sd_bus_set_bus_client");
    check(sd_bus_start(raw), cat("connect to the bus ", socket));
    check(sd_bus_set_method_call_timeout(raw, static_cast<std::uint64_t>(microseconds(patience).count())),
          "sd_bus_set_method_call_timeout");
    return bus;
}

Message new_call(sd_bus* bus, const char* method) {
    sd_bus_message* call = nullptr;
    check(sd_bus_message_new_method_call(bus, &call, systemd_name, systemd_path, manager_interface, method), method);
    return Message(call);
}

void append_pids(sd_bus_message* message, std::span<const std::uint32_t> pids) {
    check(sd_bus_message_append_array(message, 'u', pids.data(), pids.size_bytes()), "append process ids");
}

struct Scope {
    std::string unit;
    std::string description;
    std::string slice; ///< empty: systemd's choice
};

/// What StartTransientUnit is asked for. Delegate: everything below the scope is the user's, limits included. Collected
/// even when failed, so that no unit of a container that was killed stays listed.
Message start_call(sd_bus* bus, const Scope& scope, std::span<const std::uint32_t> pids) {
    Message call = new_call(bus, "StartTransientUnit");
    sd_bus_message* m = call.get();
    check(sd_bus_message_append(m, "ss", scope.unit.c_str(), "fail"), "append unit");
    check(sd_bus_message_open_container(m, 'a', "(sv)"), "append properties");
    check(sd_bus_message_append(m, "(sv)(sv)(sv)", "Description", "s", scope.description.c_str(), "Delegate", "b", 1,
                                "CollectMode", "s", "inactive-or-failed"),
          "append properties");
    if (!scope.slice.empty()) check(sd_bus_message_append(m, "(sv)", "Slice", "s", scope.slice.c_str()), "append the slice");
    check(sd_bus_message_open_container(m, 'r', "sv"), "append process ids");
    check(sd_bus_message_append(m, "s", "PIDs"), "append process ids");
    check(sd_bus_message_open_container(m, 'v', "au"), "append process ids");
    append_pids(m, pids);
    for (int depth = 0; depth < 3; ++depth) check(sd_bus_message_close_container(m), "append properties");
    check(sd_bus_message_append(m, "a(sa(sv))", 0), "append auxiliary units");
    return call;
}

/// The job a reply names and how it ended; filled in by on_job_removed. The signal may arrive before the reply is read.
struct FinishedJobs {
    std::vector<std::pair<std::string, std::string>> results; ///< object path, result

    const std::string* find(const std::string& job) const {
        for (const auto& [path, result] : results)
            if (path == job) return &result;
        return nullptr;
    }
};

int on_job_removed(sd_bus_message* signal, void* user_data, sd_bus_error*) noexcept {
    std::uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    const int error = sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result);
    if (error < 0) return error;
    static_cast<FinishedJobs*>(user_data)->results.emplace_back(path, result);
    return 0;
}

void wait_for_job(sd_bus* bus, const FinishedJobs& finished, const std::string& job, const std::string& unit,
                  Clock::time_point deadline) {
    for (;;) {
        if (const std::string* result = finished.find(job)) {
            if (*result == "done") return;
            throw Error("systemd could not start ", unit, ": the job ended with \"", *result, "\"; see journalctl --user");
        }
        if (check(sd_bus_process(bus, nullptr), "read from the bus") > 0) continue;
        const auto left = std::chrono::duration_cast<microseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            throw Error("systemd did not start ", unit, " within ", patience.count(), " seconds; see systemctl --user status");
        check(sd_bus_wait(bus, static_cast<std::uint64_t>(left.count())), "wait for the bus");
    }
}

/// Starts the scope. One of the same name may still be on its way out, or be left as failed by a systemd that was busy:
/// the container's record says that it is not running, so it is cleared and waited for.
void start_scope(sd_bus* bus, const Scope& scope, std::span<const std::uint32_t> pids) {
    const auto deadline = Clock::now() + patience;
    FinishedJobs finished;
    BusError error;
    check(sd_bus_match_signal(bus, nullptr, systemd_name, systemd_path, manager_interface, "JobRemoved", on_job_removed,
                              &finished),
          "listen for finished jobs");
    int result = sd_bus_call_method(bus, systemd_name, systemd_path, manager_interface, "Subscribe", error.out(), nullptr, "");
    if (result < 0) throw Error("systemd cannot be asked for a scope: ", error.text(result));

    for (;;) {
        sd_bus_message* raw = nullptr;
        result = sd_bus_call(bus, start_call(bus, scope, pids).get(), 0, error.out(), &raw);
        const Message reply(raw);
        if (result >= 0) {
            const char* job = nullptr;
            check(sd_bus_message_read(reply.get(), "o", &job), "read systemd's answer");
            return wait_for_job(bus, finished, job, scope.unit, deadline);
        }
        if (!error.is("org.freedesktop.systemd1.UnitExists") || Clock::now() > deadline)
            throw Error("systemd refused to start ", scope.unit, ": ", error.text(result));
        BusError ignored; // not failed, only still ending
        sd_bus_call_method(bus, systemd_name, systemd_path, manager_interface, "ResetFailedUnit", ignored.out(), nullptr, "s",
                           scope.unit.c_str());
        ::usleep(20000);
    }
}

void attach_process(sd_bus* bus, const std::string& unit, const std::string& subcgroup, std::uint32_t pid) {
    const Message call = new_call(bus, "AttachProcessesToUnit");
    check(sd_bus_message_append(call.get(), "ss", unit.c_str(), subcgroup.c_str()), "append unit");
    append_pids(call.get(), {&pid, 1});
    BusError error;
    const int result = sd_bus_call(bus, call.get(), 0, error.out(), nullptr);
    if (result < 0) throw Error("systemd refused to move process ", pid, " to ", unit, ": ", error.text(result));
}

void run(const std::vector<std::string>& words) {
    if (words.size() < 6 || words[0] != "--bus") throw Error("usage: ctl-scope --bus SOCKET start|attach UNIT ...");
    const std::string& action = words[2];
    if (action == "start") {
        std::vector<std::uint32_t> pids;
        for (std::size_t i = 6; i < words.size(); ++i) pids.push_back(parse_pid(words[i]));
        start_scope(connect(words[1]).get(), {words[3], words[4], words[5]}, pids);
    } else if (action == "attach") {
        const std::uint32_t pid = parse_pid(words[5]);
        attach_process(connect(words[1]).get(), words[3], words[4], pid);
    } else {
        throw Error("unknown action ", action);
    }
}

} // namespace

int main(int argc, char** argv) {
    try {
        run({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
