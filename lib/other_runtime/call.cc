// See lib/other_runtime/call.h.
#include "lib/other_runtime/call.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "lib/signal_name.h"
#include "rootless/exit_status.h"

#include <nlohmann/json.hpp>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <sstream>

namespace lib {
namespace {

constexpr std::chrono::seconds terminal_patience{10};
/// What makes a process may have a virtual machine to boot; nobody is waited for without end.
constexpr std::chrono::seconds making_patience{120};
constexpr std::chrono::seconds telling_patience{20};

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

/// 0, 1, 2 and what follows are what is inherited, and nothing else is.
void hand_over(const InheritedStreams& streams) noexcept {
    std::vector<UniqueFd> copies; // out of the way of the numbers they are to have
    const int first_free = 3 + static_cast<int>(streams.preserved.size());
    const auto copy = [&](int fd) {
        const int number = fd >= 0 ? ::fcntl(fd, F_DUPFD_CLOEXEC, first_free) : ::open("/dev/null", O_RDWR | O_CLOEXEC);
        if (number < 0) fail("keep a descriptor");
        UniqueFd kept(number);
        if (number < first_free) kept = UniqueFd(::fcntl(number, F_DUPFD_CLOEXEC, first_free));
        copies.push_back(std::move(kept));
    };
    for (const int fd : streams.stdio) copy(streams.terminal ? -1 : fd);
    for (const int fd : streams.preserved) copy(fd);
    for (std::size_t i = 0; i < copies.size(); ++i)
        if (::dup2(copies[i].get(), static_cast<int>(i)) < 0) fail("hand on a descriptor");
    copies.clear();
    sys::cloexec_from(first_free);
}

[[noreturn]] void become_runtime(std::vector<std::string>& words, const InheritedStreams& streams, const RuntimePlace& place, int go) noexcept {
    char byte = 0;
    if (::read(go, &byte, 1) != 1) ::_exit(exit_code::engine_error); // nobody left to do it for
    enter(place);
    hand_over(streams);
    ::umask(022); // what it leaves for us may belong to another id; the directory is closed to others
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::unsetenv("NOTIFY_SOCKET"); // ctl relays it
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGXFSZ, SIG_DFL);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    fail(argv[0]);
}

/// While one of these lives, orphans of our descendants are ours: what the runtime leaves behind when it ends is the container.
class Subreaper {
public:
    Subreaper() {
        ::prctl(PR_GET_CHILD_SUBREAPER, &before_);
        if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw SysError{errno, "PR_SET_CHILD_SUBREAPER"};
    }
    Subreaper(const Subreaper&) = delete;
    Subreaper& operator=(const Subreaper&) = delete;
    ~Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, static_cast<unsigned long>(before_)); }

private:
    int before_ = 0;
};

/// Where the runtime sends the terminal's master: a socket with a path, since that is what its command line takes.
class ConsoleSocket {
public:
    explicit ConsoleSocket(const std::string& path) : path_(path), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        struct sockaddr_un address {};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) throw Error("the directory for sockets has too long a name for a terminal: ", path);
        path.copy(address.sun_path, path.size());
        sys::unlink_at(AT_FDCWD, path);
        const auto* generic = reinterpret_cast<const struct sockaddr*>(&address);
        if (!listener_ || ::bind(listener_.get(), generic, sizeof address) != 0 || ::listen(listener_.get(), 1) != 0)
            throw SysError{errno, cat("make the socket ", path)};
    }
    ConsoleSocket(const ConsoleSocket&) = delete;
    ConsoleSocket& operator=(const ConsoleSocket&) = delete;
    ~ConsoleSocket() { ::unlink(path_.c_str()); }

    UniqueFd take() {
        if (!sys::wait_readable(listener_.get(), terminal_patience)) throw Error("the runtime has sent no terminal");
        const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!connection) throw SysError{errno, "accept"};
        UniqueFd terminal = sys::receive_fd(connection.get());
        if (!terminal) throw Error("the runtime has sent no terminal");
        return terminal;
    }

private:
    std::string path_;
    UniqueFd listener_;
};

pid_t read_pid(const std::string& file) {
    const std::string text = files::find(file).value_or("");
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc() || pid <= 0) throw Error("the runtime has not written the process id to ", file);
    return pid;
}

/// The codes of podman-run(1), by the words that runtimes have for these causes.
int exit_code_for(const std::string& complaint) {
    std::string text = complaint;
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto has = [&](const char* words) { return text.find(words) != std::string::npos; };
    if (has("permission denied") || has("operation not permitted")) return exit_code::not_executable;
    if (has("executable file") || has("no such file or directory")) return exit_code::not_found;
    return exit_code::engine_error;
}

} // namespace

RuntimeCaller::RuntimeCaller(const ContainerRecord& record, const std::string& runtime_dir)
    : runtime_(record.runtime), id_(record.id), directory_(cat(runtime_dir, "/oci/", record.id.substr(0, 12))),
      shares_keyring_(record.no_keyring) {}

bool RuntimeCaller::knows_container() const { return sys::find_stat_at(AT_FDCWD, cat(directory_, "/root/", id_)).has_value(); }

std::vector<std::string> RuntimeCaller::words(const std::string& command) const {
    std::vector<std::string> words{runtime_.path, cat("--root=", directory_, "/root"), cat("--log=", directory_, "/log"), "--log-format=json"};
    // The cgroup is ctl's business, and the runtime is in it already.
    if (kind_of(runtime_) == RuntimeKind::crun) words.emplace_back("--cgroup-manager=disabled");
    if (kind_of(runtime_) == RuntimeKind::runsc) {
        words.emplace_back("--ignore-cgroups");
        words.emplace_back("--network=host"); // that of the namespace it is given, by system calls of the host
    }
    words.insert(words.end(), runtime_.flags.begin(), runtime_.flags.end());
    words.push_back(command);
    return words;
}

/// The last error of its log, which has a JSON object a line. Other lines are somebody's plain words.
std::string RuntimeCaller::take_complaint() const {
    std::istringstream lines(files::find(directory_ + "/log").value_or(""));
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        const auto object = nlohmann::json::parse(line, nullptr, false);
        if (object.is_discarded() || !object.is_object()) continue;
        const std::string level = object.value("level", "error");
        if (level == "error" || level == "fatal") found = object.value("msg", found);
    }
    return found;
}

void RuntimeCaller::call(std::vector<std::string> words, const InheritedStreams& streams, const RuntimePlace& place,
                         const rootless::BeforeGo& placed) {
    const std::chrono::seconds patience = placed ? making_patience : telling_patience; // what is placed becomes a process of the container's
    sys::unlink_at(AT_FDCWD, directory_ + "/log");
    Pipe go = sys::pipe();
    Pipe complaint = sys::pipe();
    InheritedStreams inherited = streams;
    const bool own_words = streams.terminal || streams.stdio[2] < 0; // what it says is not the container's output
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        go.write.reset();
        if (own_words) inherited.stdio[2] = complaint.write.get();
        if (own_words && streams.terminal) {
            inherited.terminal = false;
            inherited.stdio[0] = inherited.stdio[1] = -1;
        }
        become_runtime(words, inherited, place, go.read.get());
    }
    OnExit reap([&] { sys::kill_and_reap(pid); });
    complaint.write.reset();
    if (placed) placed(pid);
    go.read.reset();
    sys::write_all(go.write.get(), "+", "start of the runtime");
    go.write.reset();
    const auto process = sys::pidfd_open(pid);
    if (process && !sys::wait_readable(process->get(), patience))
        throw Error("--runtime ", runtime_.name, ": it did not end within ", patience.count(), " s and was killed");
    reap.disarm();
    const int status = rootless::exit_code_of(sys::wait_child(pid));
    if (status == 0) return;
    std::string why = take_complaint();
    if (why.empty() && own_words) {
        why = sys::read_to_end(complaint.read.get(), 1 << 16, runtime_.path);
        while (!why.empty() && (why.back() == '\n' || why.back() == ' ')) why.pop_back();
    }
    if (why.empty()) why = cat("it ended with ", status, " and said nothing");
    throw Error("--runtime ", runtime_.name, ": ", why).with_exit_code(exit_code_for(why));
}

rootless::Launched RuntimeCaller::make_process(std::vector<std::string> words, const InheritedStreams& streams, const RuntimePlace& place,
                                               const rootless::BeforeGo& placed) {
    const Subreaper subreaper;
    const std::string pid_file = cat(directory_, "/pid-", ::getpid());
    OnExit forget([&] { ::unlink(pid_file.c_str()); });
    std::optional<ConsoleSocket> console;
    if (streams.terminal) console.emplace(cat(directory_, "/tty-", ::getpid()));
    words.push_back(cat("--pid-file=", pid_file));
    if (console) words.push_back(cat("--console-socket=", directory_, "/tty-", ::getpid()));
    if (!streams.preserved.empty()) words.push_back(cat("--preserve-fds=", streams.preserved.size()));
    words.push_back(id_);
    call(std::move(words), streams, place, placed);
    rootless::Launched launched;
    launched.pid = read_pid(pid_file);
    auto process = sys::pidfd_open(launched.pid);
    if (!process) throw Error("--runtime ", runtime_.name, ": the process it has made has ended already");
    launched.pidfd = std::move(*process);
    struct stat mounts {};
    if (::stat(cat("/proc/", launched.pid, "/ns/mnt").c_str(), &mounts) == 0) launched.mounts = static_cast<std::uint32_t>(mounts.st_ino);
    if (console) launched.console = console->take();
    return launched;
}

rootless::Launched RuntimeCaller::create(const std::string& document, const InheritedStreams& streams, const RuntimePlace& place,
                                         const rootless::BeforeGo& placed) {
    const std::string bundle = directory_ + "/bundle";
    sys::ensure_dir(bundle, 0700);
    sys::ensure_dir(directory_ + "/root", 0700); // ours to remove, whoever has what is in it
    files::write_atomic(AT_FDCWD, bundle + "/config.json", document, 0600, files::Durability::none);
    std::vector<std::string> create = words("create");
    create.push_back(cat("--bundle=", bundle));
    if (shares_keyring_) create.emplace_back("--no-new-keyring");
    OnExit undo([&] { remove(place); });
    rootless::Launched launched = make_process(std::move(create), streams, place, placed);
    OnExit end_process([&] { sys::kill_and_reap(launched.pid); });
    if (const std::string status = ask_status(place); status != "created")
        throw Error("--runtime ", runtime_.name, ": it has made the container and says that it is \"", status, "\", not created");
    end_process.disarm();
    undo.disarm();
    return launched;
}

std::string RuntimeCaller::ask_status(const RuntimePlace& place) {
    std::vector<std::string> state = words("state");
    state.push_back(id_);
    Pipe answer = sys::pipe();
    call(std::move(state), {.stdio = {-1, answer.write.get(), -1}}, place, {});
    answer.write.reset();
    const std::string where = cat(runtime_.path, " state");
    const nlohmann::json document = oci::parse_json_text(sys::read_to_end(answer.read.get(), 1 << 16, where), where);
    return oci::Fields(document, where).required_text("status");
}

void RuntimeCaller::start(const RuntimePlace& place) {
    std::vector<std::string> start = words("start");
    start.push_back(id_);
    call(std::move(start), {}, place, {});
}

rootless::Launched RuntimeCaller::exec(const std::string& process_document, const InheritedStreams& streams, const RuntimePlace& place,
                                       const rootless::BeforeGo& placed) {
    const std::string file = cat(directory_, "/process-", ::getpid());
    files::write_atomic(AT_FDCWD, file, process_document, 0600, files::Durability::none);
    OnExit forget([&] { ::unlink(file.c_str()); });
    std::vector<std::string> exec = words("exec");
    exec.insert(exec.end(), {cat("--process=", file), "--detach"});
    return make_process(std::move(exec), streams, place, placed);
}

void RuntimeCaller::kill(int signal, const RuntimePlace& place) {
    std::vector<std::string> kill = words("kill");
    kill.insert(kill.end(), {id_, std::to_string(signal)});
    call(std::move(kill), {}, place, {});
}

void RuntimeCaller::remove(const RuntimePlace& place) noexcept {
    try {
        if (knows_container()) {
            std::vector<std::string> forget = words("delete");
            forget.insert(forget.end(), {"--force", id_});
            call(std::move(forget), {}, place, {});
        }
    } catch (const Error&) {
        // It is dead all the same, and so is what the runtime knew of it.
    }
    try {
        files::remove_tree(AT_FDCWD, directory_);
    } catch (const Error&) {
        return; // below the runtime directory, which a logout empties
    }
}

RuntimePlace place_of(const ContainerRecord& record, int pidfd) { return {pidfd, CLONE_NEWUSER, !record.single_id}; }

bool signal_container(const ContainerRecord& record, const std::string& runtime_dir, int pidfd, int signal) {
    if (record.runtime.empty() || signal == SIGKILL) return sys::pidfd_send_signal(pidfd, signal);
    try {
        RuntimeCaller(record, runtime_dir).kill(signal, place_of(record, pidfd));
    } catch (const Error&) {
        if (sys::wait_readable(pidfd, std::chrono::milliseconds(0))) return false;
        throw;
    }
    return true;
}

void forget_at_runtime(Engine& engine, const ContainerRecord& record, const std::string& runtime_dir) noexcept {
    if (record.runtime.empty() || runtime_dir.empty()) return;
    RuntimeCaller caller(record, runtime_dir);
    if (!sys::find_stat_at(AT_FDCWD, caller.directory())) return;
    try {
        rootless::run_in_userns(engine.load_maps(), [&] { caller.remove({}); });
    } catch (const Error&) {
        return; // it is below the runtime directory, which a logout empties
    }
}

} // namespace lib
