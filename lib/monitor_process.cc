// See lib/monitor_process.h.
#include "lib/monitor_process.h"

#include "base/error.h"
#include "base/process_title.h"
#include "base/sys.h"

#include <sys/signalfd.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace lib {

void leave_the_command(const MonitorJob& job) {
    std::vector<int> keep = job.borrowed;
    keep.insert(keep.end(), {job.dir->fd(), job.report.get(), job.first_client.get(), job.input.read.get(), job.input.write.get(), job.notify.fd()});
    for (const UniqueFd& fd : job.outlets) keep.push_back(fd.get());
    for (const UniqueFd& fd : job.passed_stdio) keep.push_back(fd.get());
    for (const Listener& listener : job.listeners) keep.push_back(listener.fd.get());
    sys::close_all_but(keep);
    sys::leave_session();
    set_process_title(cat("ctl: monitor ", job.record->name));
}

FileLock take_monitor_lock(const ContainerDir& dir) {
    FileLock lock = FileLock::acquire(dir.fd(), "monitor", FileLock::Mode::exclusive, std::chrono::seconds(10));
    // The last word of an earlier run must not be taken for ours, should we die without one.
    if (::ftruncate(lock.fd(), 0) != 0) throw SysError{errno, "empty the monitor's lock file"};
    return lock;
}

UniqueFd route_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM}) ::sigaddset(&set, signal);
    ::signal(SIGXFSZ, SIG_IGN); // a limit on the size of files is as a full disk
    if (::sigprocmask(SIG_SETMASK, &set, nullptr) != 0) throw SysError{errno, "block signals"};
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) throw SysError{errno, "signalfd"};
    return fd;
}

void send_report(int fd, const StartReport& report) noexcept {
    const int head[2] = {report.pid, report.exit_code};
    ssize_t ignored = ::write(fd, head, sizeof head);
    ignored = ::write(fd, report.error.data(), report.error.size());
    (void)ignored; // the command is gone: nobody to tell
}

StartReport await_report(int report_read) {
    const std::string text = sys::read_to_end(report_read, 1 << 16, "start report");
    int head[2] = {0, exit_code::engine_error};
    if (text.size() < sizeof head) return {0, exit_code::engine_error, "the monitor ended before the container started"};
    text.copy(reinterpret_cast<char*>(head), sizeof head);
    return {head[0], head[1], text.substr(sizeof head)};
}

} // namespace lib
