// Keeping a detached exec; see lib/exec_keeper.h.
#include "lib/exec_keeper.h"

#include "base/error.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "rootless/caps.h"
#include "rootless/exit_status.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <utility>

namespace lib {
namespace {

/// Ended ones that stay to be looked at.
constexpr std::size_t records_kept = 50;

/// One byte for "it runs", or the exit code as text, a newline, and the reason.
constexpr std::string_view it_runs = "+";

void report(int fd, std::string_view text) noexcept {
    const ssize_t ignored = ::write(fd, text.data(), text.size());
    static_cast<void>(ignored); // the command is gone: nobody to tell
}

void leave_the_command(const KeeperJob& job, int report_fd) {
    std::vector<int> keep = job.keep;
    keep.insert(keep.end(), {job.dir->fd(), report_fd});
    sys::close_all_but(keep);
    sys::leave_session();
    // What a terminal or a shell sends is not for us; the command's end is all we wait for.
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
    set_process_title(cat("ctl: exec ", job.container_name));
}

void give_up_rights() {
    const struct rlimit none {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    rootless::drop_all_capabilities();
}

/// Until the process has ended. What it prints on a terminal of its own is read, so that it never waits for a reader.
void wait_for_end(const rootless::Launched& process) {
    int console = process.console.get();
    for (;;) {
        std::array<pollfd, 2> fds{{{process.pidfd.get(), POLLIN, 0}, {console, POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
        if (fds[0].revents != 0) return;
        std::array<char, 4096> dropped;
        if (fds[1].revents != 0 && ::read(console, dropped.data(), dropped.size()) <= 0) console = -1;
    }
}

void save_end(const KeeperJob& job, const ExecRecord& record) noexcept {
    try {
        if (!sys::find_stat_at(AT_FDCWD, job.dir->path())) return; // the container is being removed
        save_exec_record(*job.dir, record);
        prune_exec_records(*job.dir, record.boot_id, records_kept);
    } catch (const std::exception&) {
        return; // a full disk, say: the process is dead, and that is what readers will see
    }
}

[[noreturn]] void keeper_main(KeeperJob job, UniqueFd report_fd) noexcept {
    try {
        leave_the_command(job, report_fd.get());
        const rootless::Launched process = job.launch();
        ExecRecord& record = job.record;
        record.pid = process.pid;
        record.pid_start = find_process_start(process.pid).value_or(0);
        record.started = sys::realtime_ns();
        save_exec_record(*job.dir, record);
        report(report_fd.get(), it_runs);
        report_fd.reset();
        give_up_rights();
        wait_for_end(process);
        record.exit_code = rootless::exit_code_of(sys::wait_child(process.pid));
        record.finished = sys::realtime_ns();
        save_end(job, record);
        if (job.on_end) job.on_end(record.exit_code);
    } catch (const Error& e) {
        if (report_fd) report(report_fd.get(), cat(e.exit_code, "\n", e.what()));
    } catch (const std::exception& e) {
        if (report_fd) report(report_fd.get(), cat(exit_code::engine_error, "\n", e.what()));
    }
    ::_exit(0);
}

} // namespace

void start_exec_keeper(KeeperJob job) {
    Pipe pipe = sys::pipe();
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the exec's keeper"};
    if (pid == 0) keeper_main(std::move(job), std::move(pipe.write));
    pipe.write.reset();
    const std::string answer = sys::read_to_end(pipe.read.get(), 1 << 16, "the exec's keeper");
    if (answer == it_runs) return;
    const auto newline = answer.find('\n');
    if (newline == std::string::npos) throw Error("the exec's keeper ended before the command started");
    throw Error(answer.substr(newline + 1)).with_exit_code(std::stoi(answer));
}

} // namespace lib
