// See lib/other_runtime/program.h.
#include "lib/other_runtime/program.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/exit_status.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <system_error>

namespace lib {
namespace {

/// In the child: what goes wrong is told by the exit code, and the words come from strerror(3).
[[noreturn]] void fail(const char* what) noexcept {
    const std::string text = cat(what, ": ", std::generic_category().message(errno), "\n");
    const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
    static_cast<void>(ignored);
    ::_exit(exit_code::engine_error);
}

void enter(const RuntimePlace& place) noexcept {
    if (place.process < 0) return; // it is there already
    if (::setns(place.process, place.namespaces) != 0) fail("join the container's user namespace");
    if (place.drops_groups && ::setgroups(0, nullptr) != 0) fail("setgroups");
    if (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0) fail("become the container's root");
}

/// 0, 1, 2 and what follows are what is inherited, and nothing else is. `words`: takes its standard error where nobody else does.
void hand_over(const InheritedStreams& streams, int words) noexcept {
    std::vector<UniqueFd> copies; // out of the way of the numbers they are to have
    const int first_free = 3 + static_cast<int>(streams.preserved.size());
    const auto copy = [&](int fd) {
        const int number = fd >= 0 ? ::fcntl(fd, F_DUPFD_CLOEXEC, first_free) : ::open("/dev/null", O_RDWR | O_CLOEXEC);
        if (number < 0) fail("keep a descriptor");
        UniqueFd kept(number);
        if (number < first_free) kept = UniqueFd(::fcntl(number, F_DUPFD_CLOEXEC, first_free));
        copies.push_back(std::move(kept));
    };
    for (std::size_t i = 0; i < 3; ++i) copy(i == 2 && streams.stdio[i] < 0 ? words : streams.stdio[i]);
    for (const int fd : streams.preserved) copy(fd);
    for (std::size_t i = 0; i < copies.size(); ++i)
        if (::dup2(copies[i].get(), static_cast<int>(i)) < 0) fail("hand on a descriptor");
    copies.clear();
    sys::cloexec_from(first_free);
}

/// Its caller's variables are nobody's business, tokens among them, and NOTIFY_SOCKET is ctl's to answer.
std::vector<std::string> environment() {
    std::vector<std::string> variables;
    for (const char* name : {"PATH", "HOME", "XDG_RUNTIME_DIR", "LANG"})
        if (const char* value = std::getenv(name)) variables.push_back(cat(name, "=", value));
    return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

[[noreturn]] void become_program(ProgramCall& call, int words, int go, pid_t parent) noexcept {
    ::setpgid(0, 0); // what it starts ends with it
    char byte = 0;
    if (::read(go, &byte, 1) != 1) ::_exit(exit_code::engine_error); // nobody left to do it for
    enter(call.place);
    hand_over(call.streams, words);
    ::umask(022); // what it leaves for us may belong to another id; the directory is closed to others
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(exit_code::engine_error);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGXFSZ, SIG_DFL);
    std::vector<std::string> variables = environment();
    const std::vector<char*> argv = pointers(call.words), envp = pointers(variables);
    ::execve(argv[0], argv.data(), envp.data());
    fail(argv[0]);
}

void await_end(const ProgramCall& call, int process) {
    std::array<pollfd, 2> fds{{{process, POLLIN, 0}, {call.as_long_as, POLLIN, 0}}};
    const auto end = std::chrono::steady_clock::now() + call.patience;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) throw SysError{errno, "poll"};
        if (fds[0].revents != 0) return;
        if (fds[1].revents != 0) throw Error(call.words.front(), " was killed at its work: the container is not wanted any more");
        if (ready == 0) throw Error(call.words.front(), " did not end within ", call.patience.count(), " s and was killed");
    }
}

} // namespace

UniqueFd memory_file() {
    UniqueFd file(::memfd_create("words", MFD_CLOEXEC));
    if (!file) throw SysError{errno, "memfd_create"};
    return file;
}

std::string read_memory_file(int fd) {
    if (::lseek(fd, 0, SEEK_SET) != 0) throw SysError{errno, "lseek"};
    std::string text(1 << 20, '\0');
    text.resize(sys::read_some(fd, std::as_writable_bytes(std::span(text)), "what a program has written"));
    return text;
}

ProgramEnd run_program(ProgramCall call) {
    const UniqueFd words = memory_file();
    Pipe go = sys::pipe();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        go.write.reset();
        become_program(call, words.get(), go.read.get(), parent);
    }
    OnExit end([&] {
        ::kill(-pid, SIGKILL);
        sys::kill_and_reap(pid);
    });
    ::setpgid(pid, pid);
    const auto process = sys::pidfd_open(pid);
    if (!process) throw Error(call.words.front(), " ended before it began");
    if (call.placed) call.placed(pid);
    go.read.reset();
    sys::write_all(go.write.get(), "+", "start of a program");
    await_end(call, process->get());
    end.disarm();
    ProgramEnd result{rootless::exit_code_of(sys::wait_child(pid)), read_memory_file(words.get())};
    while (!result.words.empty() && (result.words.back() == '\n' || result.words.back() == ' ')) result.words.pop_back();
    return result;
}

} // namespace lib
