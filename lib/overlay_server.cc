// See lib/overlay_server.h.
#include "lib/overlay_server.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "storage/fuse/session.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace lib {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds for_others{3000};  ///< who uses the files still, a `ctl cp` say, may finish
constexpr milliseconds for_links{10000};  ///< and then it may have links to settle, for which it reads all directories
constexpr milliseconds between_signals{200};
constexpr const char* cut_short = "had not ended 10 seconds after the container and was killed: of changed files with several names, some may be "
                                  "missing in what commit and export see";
constexpr std::size_t longest_complaint = 4096; ///< bytes

/// What ends a service's or a session's processes all at once must not take the files from a container that is ending in good order.
void ignore_ends_of_sessions() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, storage::fuse::end_signal}) ::signal(signal, SIG_IGN); // the last one until it serves
}

std::string keep_open(int fd) {
    if (::fcntl(fd, F_SETFD, 0) != 0) throw SysError{errno, "hand on a directory"};
    return std::to_string(fd);
}

std::string words_for(int status) {
    if (WIFSIGNALED(status)) return cat("was killed by signal ", WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ? "" : cat("ended with status ", WEXITSTATUS(status));
}

} // namespace

OverlayServer::OverlayServer(const rootless::UserNamespace& userns, const OverlayFiles& files, const std::string& container_name)
    : path_(helper_path("ctl-fuse")), destination_(files.destination), words_(::memfd_create("ctl-fuse", MFD_CLOEXEC)) {
    if (!words_) throw SysError{errno, "memfd_create"};
    SocketPair device = sys::socket_pair(SOCK_STREAM);
    pid_ = rootless::fork_in_userns(userns, [&]() -> int {
        try {
            become(files, device.ours.get(), container_name);
        } catch (const std::exception& e) {
            ::dprintf(words_.get(), "%s", e.what()); // nobody listens any more to what fork_in_userns says
            return exit_code::engine_error;
        }
    });
    OnExit reap([&] { sys::kill_and_reap(pid_); }); // no destructor runs where this throws
    device_socket_ = std::move(device.theirs);
    auto pidfd = sys::pidfd_open(pid_);
    if (!pidfd) throw Error(path_, " ended at once");
    pidfd_ = std::move(*pidfd);
    userns_ = sys::open(cat("/proc/", pid_, "/ns/user"), O_RDONLY);
    reap.disarm();
}

OverlayServer::~OverlayServer() {
    if (pid_ > 0) sys::kill_and_reap(pid_);
}

void OverlayServer::become(const OverlayFiles& files, int socket, const std::string& container_name) {
    ::prctl(PR_SET_PDEATHSIG, 0); // the container outlives its monitor, and needs its files
    ignore_ends_of_sessions();
    const UniqueFd null = sys::open("/dev/null", O_RDWR);
    if (::dup2(null.get(), STDIN_FILENO) < 0 || ::dup2(null.get(), STDOUT_FILENO) < 0 || ::dup2(words_.get(), STDERR_FILENO) < 0)
        throw SysError{errno, "redirect the streams of ctl-fuse"};
    sys::cloexec_from(STDERR_FILENO + 1);
    std::vector<std::string> words{cat("ctl: files ", container_name, files.destination), "serve", "--device-socket", keep_open(socket)};
    for (const int layer : files.layers) words.insert(words.end(), {"--lower-fd", keep_open(layer)});
    for (const std::string& path : files.lower) words.insert(words.end(), {"--lower", path});
    for (const std::string& pointer : files.pointers) words.insert(words.end(), {"--pointer", pointer});
    if (!files.upper.empty()) words.insert(words.end(), {"--upper", files.upper, "--work", files.work});
    if (!files.shift.empty()) words.insert(words.end(), {"--shift", files.shift});
    if (files.is_volatile) words.emplace_back("--volatile");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    char* const environment[] = {nullptr};
    ::execve(path_.c_str(), argv.data(), environment);
    throw SysError{errno, cat("execute ", path_)};
}

OverlayServers::OverlayServers(const Engine& engine, const std::vector<OverlayFiles>& files, const std::string& container_name) {
    for (const OverlayFiles& each : files) {
        const auto where = servers_.empty() ? rootless::UserNamespace(engine.maps) : rootless::UserNamespace(userns());
        servers_.push_back(std::make_unique<OverlayServer>(where, each, container_name));
    }
}

void OverlayServers::tell(rootless::PlanExtras& extras) const {
    for (const auto& server : servers_) {
        if (server->destination().empty()) extras.root.device_socket = server->device_socket();
        else extras.device_sockets[server->destination()] = server->device_socket();
    }
}

void OverlayServers::close_device_sockets() noexcept {
    for (const auto& server : servers_) server->close_device_socket();
}

std::vector<int> OverlayServers::pidfds() const {
    std::vector<int> list;
    for (const auto& server : servers_) list.push_back(server->pidfd());
    return list;
}

std::string OverlayServers::take_ended() noexcept {
    std::string first;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& server : servers_) {
        if (!sys::wait_readable(server->pidfd(), std::chrono::milliseconds(0))) continue;
        if (std::string end = server->await_end(now, now); first.empty()) first = std::move(end);
    }
    return first;
}

std::string OverlayServers::await_end() noexcept {
    std::string first;
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& server : servers_)
        if (std::string end = server->await_end(begin + for_others, begin + for_links); first.empty()) first = std::move(end);
    return first;
}

/// Whether it ends before the deadline, told to or not.
bool OverlayServer::ends_until(std::chrono::steady_clock::time_point deadline, bool told) const {
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        const auto turn = std::max(told ? std::min(left, between_signals) : left, milliseconds(0));
        if (sys::wait_readable(pidfd_.get(), turn)) return true;
        if (left <= turn) return false;
        sys::pidfd_send_signal(pidfd_.get(), storage::fuse::end_signal);
    }
}

std::string OverlayServer::await_end(std::chrono::steady_clock::time_point others_end, std::chrono::steady_clock::time_point deadline) noexcept {
    if (pid_ <= 0) return {};
    device_socket_.reset(); // who still waits for the device waits for nothing
    try {
        const bool stays = !ends_until(others_end, false) && !ends_until(deadline, true);
        if (stays) sys::pidfd_send_signal(pidfd_.get(), SIGKILL);
        const int status = sys::wait_child(std::exchange(pid_, -1));
        if (stays) return cut_short;
        std::string end = words_for(status);
        if (end.empty()) return {};
        if (::lseek(words_.get(), 0, SEEK_SET) != 0) return end;
        std::string said = sys::read_to_end(words_.get(), longest_complaint, "ctl-fuse");
        while (said.ends_with('\n')) said.pop_back();
        return said.empty() ? end : cat(end, ": ", said);
    } catch (const std::exception& e) {
        return e.what();
    }
}

} // namespace lib
