// attach; see lib/attach.h.
#include "lib/attach.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/attach_client.h"
#include "lib/attach_socket.h"
#include "lib/events.h"
#include "lib/monitor_io.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

namespace lib {
namespace {

/// Sends the caller's signals to the container's first process, whichever that is by now: it may have been started again.
/// It is looked up when the first signal comes, as most runs see none.
class SignalProxy {
public:
    explicit SignalProxy(const ContainerDir& dir) : dir_(dir) {}

    void send(int signal) {
        if (process_ && sys::pidfd_send_signal(process_->get(), signal)) return;
        try {
            process_ = find_container_process(dir_.load_state());
        } catch (const Error&) {
            return; // with --rm its directory is gone together with it
        }
        if (process_) sys::pidfd_send_signal(process_->get(), signal);
    }

private:
    const ContainerDir& dir_;
    std::optional<UniqueFd> process_;
};

} // namespace

StartResult follow_container(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record, int monitor_fd,
                             const AttachOptions& options, UniqueFd inlet) {
    record_container_event(engine.paths, record, "attach");
    SessionOptions session;
    const auto wants = [&](const char* stream) { return options.streams.empty() || std::ranges::find(options.streams, stream) != options.streams.end(); };
    const bool passes_input = options.interactive && record.interactive && !record.log.passes_through() && wants("stdin");
    session.stdin_fd = passes_input ? STDIN_FILENO : -1;
    if (!wants("stdout")) session.stdout_fd = -1;
    if (!wants("stderr")) session.stderr_fd = -1;
    session.terminal = record.tty;
    if (record.tty) session.detach_keys = options.detach_keys;
    SignalProxy proxy(dir);
    if (options.sig_proxy) session.forward_signal = [&](int signal) { proxy.send(signal); };
    const SessionResult end = attach(monitor_fd, session, std::move(inlet));
    switch (end.end) {
    case SessionEnd::exited: return {end.exit_code, false};
    case SessionEnd::detached: return {0, true};
    case SessionEnd::signalled: end_by_signal(end.signal);
    case SessionEnd::output_closed: return {exit_code::signal_base + SIGPIPE, true};
    case SessionEnd::disconnected: break;
    }
    const ContainerState state = dir.load_state();
    if (state.is_up()) // turned away, or its monitor was killed
        throw Error("the connection to container ", record.name, " broke: its monitor is gone, or has ", MonitorIo::max_clients, " clients already");
    return {state.exit_code, false};
}

StartResult attach_container(Engine& engine, const std::string& id_or_name, const AttachOptions& options) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const ContainerRecord record = dir.load_record();
    const ContainerState state = dir.load_state();
    if (!state.is_up() && state.status != "restarting")
        throw Error("container ", record.name, " is not running (", state.status, "): it cannot be attached to");
    const UniqueFd monitor = connect_to_monitor(state.runtime_dir, dir.id(), record.name);
    return follow_container(engine, dir, record, monitor.get(), options);
}

} // namespace lib
