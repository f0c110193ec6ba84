// See storage/fuse/locator.h.
#include "storage/fuse/locator.h"

#include "base/denied_calls.h"
#include "base/error.h"
#include "base/landlock.h"
#include "base/process_title.h"
#include "base/sys.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace storage::fuse {
namespace {

struct Question {
    pid_t thread;
    pid_t waiting;
};

constexpr int processor_field = 37; ///< of those after the name, from 1: proc(5), "processor"
constexpr int runnable_field = 4;
constexpr int waited_field = 2;

/// A number out of a line of words; -1 where there is none.
std::int64_t field(std::string_view line, int number) noexcept {
    for (; number > 1; --number) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos) return -1;
        line.remove_prefix(space + 1);
    }
    std::int64_t value = -1;
    std::from_chars(line.data(), line.data() + line.size(), value);
    return value;
}

std::string_view read_file(const std::string& path, std::array<char, 1024>& room) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t got = file ? ::read(file.get(), room.data(), room.size()) : -1;
    return got <= 0 ? std::string_view() : std::string_view(room.data(), static_cast<std::size_t>(got));
}

Locator::Answer look(const Question& question) {
    std::array<char, 1024> room{};
    std::string_view stat = read_file(cat("/proc/", question.thread, "/stat"), room);
    stat.remove_prefix(std::min(stat.size(), stat.rfind(") ") + 2)); // a name may contain anything
    const std::int64_t processor = field(stat, processor_field);
    const std::int64_t runnable = field(read_file("/proc/loadavg", room), runnable_field); // "2/345", of which the first
    const std::int64_t waited = field(read_file(cat("/proc/", question.waiting, "/schedstat"), room), waited_field);
    return {static_cast<int>(processor), static_cast<unsigned>(std::max<std::int64_t>(runnable, 0)),
            static_cast<std::uint64_t>(std::max<std::int64_t>(waited, 0))};
}

void confine() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw SysError{errno, "give up new privileges"};
    (void)confine_files({.read = {"/proc"}, .write = {}, .others = false});
    deny_calls(dangerous_calls());
    deny_calls(network_calls());
}

[[noreturn]] void answer_all(const UniqueFd& socket) noexcept {
    try {
        sys::close_all_but({socket.get()}); // the device above all: a file system without its server must be seen to be dead
        set_process_title("ctl: processors");
        confine();
        for (Question question{}; ::recv(socket.get(), &question, sizeof question, 0) == sizeof question;) {
            const Locator::Answer answer = look(question);
            if (::send(socket.get(), &answer, sizeof answer, MSG_NOSIGNAL) < 0) break;
        }
    } catch (const std::exception&) {
        ::_exit(1); // nobody is followed then
    }
    ::_exit(0);
}

} // namespace

Locator Locator::start() {
    SocketPair pair = sys::socket_pair(SOCK_SEQPACKET);
    std::signal(SIGCHLD, SIG_IGN);
    const pid_t child = ::fork();
    if (child < 0) throw SysError{errno, "fork"};
    if (child == 0) {
        pair.ours.reset();
        answer_all(pair.theirs);
    }
    return Locator(std::move(pair.ours));
}

void Locator::await_start() {
    if (!ask(::gettid(), ::gettid())) return;
    (void)sys::wait_readable(socket_.get(), std::chrono::seconds(5));
    (void)answer();
}

bool Locator::ask(pid_t thread, pid_t waiting) noexcept {
    if (asked_ || !socket_) return false;
    const Question question{thread, waiting};
    asked_ = ::send(socket_.get(), &question, sizeof question, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof question;
    if (!asked_) socket_.reset(); // it is gone
    return asked_;
}

std::optional<Locator::Answer> Locator::answer() noexcept {
    if (!asked_) return {};
    Answer answer{};
    const ssize_t got = ::recv(socket_.get(), &answer, sizeof answer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return {};
    asked_ = false;
    if (got != sizeof answer) {
        socket_.reset();
        return {};
    }
    return answer;
}

} // namespace storage::fuse
