// stop, kill, wait: telling a container to end, and learning that it has.
#include "lib/container_store.h"
#include "lib/signal_name.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <signal.h>

#include <sstream>

namespace lib {
namespace {

/// Whether a signal means anything to the process: the kernel drops signals to a pid 1 that neither handles nor blocks
/// (to wait for) them, so waiting for such a one to act on SIGTERM is waiting in vain.
bool has_handler(int pid, int signal) {
    std::istringstream lines(files::find(cat("/proc/", pid, "/status")).value_or(""));
    bool found = false;
    unsigned long long meant = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("SigCgt:") && !line.starts_with("SigBlk:")) continue;
        meant |= std::stoull(line.substr(7), nullptr, 16);
        found = true;
    }
    return !found || (meant >> (signal - 1) & 1) != 0; // what cannot be told is taken for a yes
}

void kill_everything(const ContainerState& state, int pidfd) {
    sys::pidfd_send_signal(pidfd, SIGKILL); // pid 1 takes its whole pid namespace along
    if (state.cgroup.manager != rootless::CgroupManager::none) (void)rootless::kill_all(state.cgroup);
}

constexpr std::chrono::milliseconds for_ever(-1); // as poll(2) has it

/// The process itself first: there may be no monitor any more that would wait for it.
void wait_for_end(const ContainerDir& dir, int pidfd) {
    (void)sys::wait_readable(pidfd, for_ever);
    dir.wait_for_monitor();
}

} // namespace

void stop_container(Engine& engine, const std::string& id_or_name, const StopOptions& options, const Notice& notice) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerRecord record = dir.load_record();
    const ContainerState state = dir.load_state();
    const auto process = find_container_process(state);
    if (process) {
        const auto patience = options.timeout.value_or(std::chrono::seconds(record.stop_timeout));
        const bool in_vain = !record.init && !has_handler(state.pid, record.stop_signal); // the init waits for signals
        if (in_vain && patience.count() > 0 && notice)
            notice(cat("container ", record.name, " does not handle ", signal_name(record.stop_signal), "; killing it after ",
                       patience.count(), " s (an --init or another --stop-signal stops it at once)"));
        sys::pidfd_send_signal(process->get(), record.stop_signal);
        if (!sys::wait_readable(process->get(), patience)) kill_everything(state, process->get());
        wait_for_end(dir, process->get());
    }
    dir.wait_for_monitor();
}

void kill_container(Engine& engine, const std::string& id_or_name, const std::string& signal) {
    const int number = parse_signal(signal);
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerState state = dir.load_state();
    const auto process = find_container_process(state);
    if (!process || !sys::pidfd_send_signal(process->get(), number))
        throw Error("container ", dir.load_record().name, " is not running (", state.status, "): cannot send it a signal");
    if (number == SIGKILL) wait_for_end(dir, process->get()); // so that `ps` says what the user expects after this
}

int wait_container(Engine& engine, const std::string& id_or_name) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    if (const auto code = dir.wait_for_monitor()) return *code;
    if (const auto process = find_container_process(dir.load_state())) (void)sys::wait_readable(process->get(), for_ever);
    return dir.load_state().exit_code;
}

} // namespace lib
