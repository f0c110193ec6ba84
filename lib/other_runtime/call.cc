// See lib/other_runtime/call.h.
#include "lib/other_runtime/call.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"
#include "lib/container_store.h"

#include <nlohmann/json.hpp>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <fcntl.h>
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
constexpr std::chrono::seconds telling_patience{8}; // less than `stop` and `rm` have for a monitor

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

namespace {

std::string text_of(const nlohmann::json& object, const char* name, const std::string& otherwise) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : otherwise;
}

/// The last error of a log that has a JSON object a line. Other lines are somebody's plain words.
std::string find_complaint(const std::string& log) {
    std::istringstream lines(files::find(log).value_or(""));
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        const auto object = nlohmann::json::parse(line, nullptr, false);
        if (object.is_discarded() || !object.is_object()) continue;
        const std::string level = text_of(object, "level", "error");
        if (level == "error" || level == "fatal") found = text_of(object, "msg", found);
    }
    return found;
}

/// What is in it is believed: nobody else may put anything there.
void check_private(const std::string& directory) {
    struct stat st {};
    if (::lstat(directory.c_str(), &st) != 0) throw SysError{errno, directory};
    if (!S_ISDIR(st.st_mode) || st.st_uid != ::geteuid() || (st.st_mode & 0022) != 0)
        throw Error(directory, " belongs to another user, or others can write there: choose another --tmpdir or --runroot");
}

} // namespace

/// Each call has a log of its own: several may be at work.
void RuntimeCaller::call(const std::string& command, std::vector<std::string> words, const InheritedStreams& streams, const RuntimePlace& place,
                         const Making* making) {
    const std::string log = cat(directory_, "/log-", ::getpid());
    OnExit forget([&] { ::unlink(log.c_str()); });
    check_private(directory_.substr(0, directory_.rfind('/')));
    check_private(directory_);
    std::vector<std::string> all{runtime_.path, cat("--root=", directory_, "/root"), cat("--log=", log), "--log-format=json"};
    // The cgroup is ctl's business, and the runtime is in it already.
    if (kind_of(runtime_) == RuntimeKind::crun) all.emplace_back("--cgroup-manager=disabled");
    if (kind_of(runtime_) == RuntimeKind::runsc) {
        all.emplace_back("--ignore-cgroups");
        all.emplace_back("--network=host"); // that of the namespace it is given, by system calls of the host
    }
    all.insert(all.end(), runtime_.flags.begin(), runtime_.flags.end());
    all.push_back(command);
    all.insert(all.end(), words.begin(), words.end());
    ProgramCall program{.words = std::move(all), .streams = streams, .place = place, .patience = making != nullptr ? making_patience : telling_patience};
    if (making != nullptr) {
        program.placed = making->placed;
        program.as_long_as = making->as_long_as;
    }
    ProgramEnd end;
    try {
        end = run_program(std::move(program));
    } catch (Error& e) {
        e.add_context(cat("--runtime ", runtime_.name));
        throw;
    }
    if (end.exit_code == 0) return;
    std::string why = find_complaint(log);
    if (why.empty()) why = end.words;
    if (why.empty())
        why = cat("its ", command, " ended with ", end.exit_code, streams.stdio[2] < 0 ? " and said nothing" : "; its words, if any, are in the output");
    Error error("--runtime ", runtime_.name, ": ", why);
    if (making != nullptr || command == "start") error.with_exit_code(exit_code_for(why));
    throw error;
}

/// A process of the container's, our child from now on. Throws Error for a number that is somebody else's.
rootless::Launched RuntimeCaller::adopt(pid_t pid) const {
    rootless::Launched launched;
    launched.pid = pid;
    auto process = sys::pidfd_open(pid);
    siginfo_t info {};
    if (!process || ::waitid(P_PIDFD, static_cast<id_t>(process->get()), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        throw Error("--runtime ", runtime_.name, ": it says that process ", pid, " is the container's, and that is none of its making");
    launched.pidfd = std::move(*process);
    struct stat mounts {};
    if (::stat(cat("/proc/", pid, "/ns/mnt").c_str(), &mounts) == 0) launched.mounts = static_cast<std::uint32_t>(mounts.st_ino);
    return launched;
}

rootless::Launched RuntimeCaller::make_process(const std::string& command, std::vector<std::string> words, const Making& making, const RuntimePlace& place) {
    const Subreaper subreaper;
    const std::string pid_file = cat(directory_, "/pid-", ::getpid());
    const std::string terminal = cat(directory_, "/tty-", ::getpid());
    OnExit forget([&] { ::unlink(pid_file.c_str()); });
    std::optional<ConsoleSocket> console;
    InheritedStreams streams = making.streams;
    if (making.terminal) {
        console.emplace(terminal);
        streams.stdio = {-1, -1, -1};
    }
    words.push_back(cat("--pid-file=", pid_file));
    if (console) words.push_back(cat("--console-socket=", terminal));
    if (!streams.preserved.empty()) words.push_back(cat("--preserve-fds=", streams.preserved.size()));
    words.push_back(id_);
    call(command, std::move(words), streams, place, &making);
    rootless::Launched launched = adopt(read_pid(pid_file));
    OnExit end_process([&] { sys::kill_and_reap(launched.pid); });
    if (console) launched.console = console->take();
    end_process.disarm();
    return launched;
}

rootless::Launched RuntimeCaller::create(const std::string& document, const Making& making, const RuntimePlace& place) {
    const std::string bundle = directory_ + "/bundle";
    sys::ensure_dir(bundle, 0700);
    sys::ensure_dir(directory_ + "/root", 0700); // ours to remove, whoever has what is in it
    check_private(directory_);
    files::write_atomic(AT_FDCWD, bundle + "/config.json", document, 0600, files::Durability::none);
    std::vector<std::string> words{cat("--bundle=", bundle)};
    if (shares_keyring_) words.emplace_back("--no-new-keyring");
    OnExit undo([&] { remove(place); });
    rootless::Launched launched = make_process("create", std::move(words), making, place);
    OnExit end_process([&] { sys::kill_and_reap(launched.pid); });
    if (const std::string status = ask_status(place); status != "created")
        throw Error("--runtime ", runtime_.name, ": it has made the container and says that it is \"", status, "\", not created");
    end_process.disarm();
    undo.disarm();
    return launched;
}

std::string RuntimeCaller::ask_status(const RuntimePlace& place) {
    const UniqueFd answer = memory_file();
    call("state", {id_}, {.stdio = {-1, answer.get(), -1}, .preserved = {}}, place);
    const std::string where = cat(runtime_.path, " state");
    const nlohmann::json document = oci::parse_json_text(read_memory_file(answer.get()), where);
    return oci::Fields(document, where).required_text("status");
}

void RuntimeCaller::start(const RuntimePlace& place) { call("start", {id_}, {}, place); }

rootless::Launched RuntimeCaller::exec(const std::string& process_document, const Making& making, const RuntimePlace& place) {
    const std::string file = cat(directory_, "/process-", ::getpid());
    check_private(directory_);
    files::write_atomic(AT_FDCWD, file, process_document, 0600, files::Durability::none);
    OnExit forget([&] { ::unlink(file.c_str()); });
    return make_process("exec", {cat("--process=", file), "--detach"}, making, place);
}

void RuntimeCaller::kill(int signal, const RuntimePlace& place) { call("kill", {id_, std::to_string(signal)}, {}, place); }

void RuntimeCaller::remove(const RuntimePlace& place) noexcept {
    try {
        if (knows_container()) call("delete", {"--force", id_}, {}, place);
    } catch (const std::exception&) {
        // It is dead all the same, and so is what the runtime knew of it.
    }
    try {
        files::remove_tree(AT_FDCWD, directory_);
    } catch (const std::exception&) {
        return; // below the runtime directory, which a logout empties
    }
}

RuntimePlace place_of(const ContainerRecord& record, int pidfd) {
    const auto groups = record.asked.find("group-add");
    const bool keeps = groups != record.asked.end() && groups->second == std::vector<std::string>{"keep-groups"};
    return {pidfd, CLONE_NEWUSER, !record.single_id && !keeps};
}

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

void check_runtime_fds(const OtherRuntime& runtime, const std::vector<int>& preserved) {
    for (std::size_t i = 0; i < preserved.size(); ++i)
        if (preserved[i] != static_cast<int>(i) + 3)
            throw Error("--preserve-fd ", preserved[i], ": --runtime ", runtime.name, " takes descriptors from 3 on without a gap (--preserve-fds N)");
}

void forget_at_runtime(Engine& engine, const ContainerRecord& record, const std::string& runtime_dir) noexcept {
    if (record.runtime.empty()) return;
    try {
        // One whose making was cut short has not said where it is.
        RuntimeCaller caller(record, runtime_dir.empty() ? engine.paths.sockets : runtime_dir);
        if (!sys::find_stat_at(AT_FDCWD, caller.directory())) return;
        rootless::run_in_userns(engine.load_maps(), [&] { caller.remove({}); });
    } catch (const std::exception&) {
        return; // it is below the runtime directory, which a logout empties
    }
}

} // namespace lib
