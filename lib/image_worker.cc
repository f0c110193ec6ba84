// The parent's side of ctl-image, see lib/image_worker.h.
#include "lib/image_worker.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"
#include "rootless/userns.h"

#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string_view>

namespace lib {
namespace {

constexpr std::size_t longest_line = 8 << 20; ///< bytes; a result naming thousands of images fits
constexpr int cannot_execute = 127;

/// As the variable by which they are handed on.
std::string image_stores(const Paths& paths) {
    std::string text = cat(image_stores_variable, "=");
    for (const std::string& root : paths.image_stores) text += root + ":";
    return text;
}

/// What of our environment the worker may know: how to reach the network, whom to trust, where configuration is.
std::vector<std::string> worker_environment(const Paths& paths) {
    std::vector<std::string> environment{"PATH=/usr/bin:/bin", "HOME=" + paths.home, cat(root_variable, "=", paths.data),
                                         cat(imagestore_variable, "=", paths.images),
                                         cat(runroot_variable, "=", paths.runtime), image_stores(paths)};
    if (paths.shares_images) environment.push_back(cat(force_mask_variable, "=shared"));
    for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy",
                             "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
        if (const char* value = std::getenv(name)) environment.push_back(cat(name, "=", value));
    // libcurl leaves this spelling alone because of CGI, where a client can set it; Go's programs read it.
    const char* proxy = std::getenv("HTTP_PROXY");
    if (proxy != nullptr && std::getenv("http_proxy") == nullptr && std::getenv("REQUEST_METHOD") == nullptr)
        environment.push_back(cat("http_proxy=", proxy));
    return environment;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> list;
    for (std::string& word : words) list.push_back(word.data());
    list.push_back(nullptr);
    return list;
}

/// The worker while it runs; killed and reaped if nobody waits for its end.
class Worker {
public:
    Worker(Engine& engine, const std::vector<std::string>& arguments, int stdin_fd, const OpenExtra& open_extra, int userns,
           const OpenExtra& open_second) {
        words_.push_back(helper_path("ctl-image"));
        words_.insert(words_.end(), arguments.begin(), arguments.end());
        environment_ = worker_environment(engine.paths);
        Pipe report = sys::pipe();
        const UniqueFd null = sys::open("/dev/null", O_RDWR);
        const int input = stdin_fd >= 0 ? stdin_fd : null.get();
        const auto where = userns >= 0 ? rootless::UserNamespace(userns) : rootless::UserNamespace(engine.load_maps());
        pid_ = rootless::fork_in_userns(where, [&] { return become(input, report.write.get(), open_extra, open_second); });
        report_ = std::move(report.read);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        if (pid_ >= 0) sys::kill_and_reap(pid_);
    }

    int report_fd() const noexcept { return report_.get(); }
    const std::string& path() const noexcept { return words_[0]; }
    /// The wait status.
    int wait() { return sys::wait_child(std::exchange(pid_, -1)); }

private:
    int become(int input, int output, const OpenExtra& open_extra, const OpenExtra& open_second) {
        UniqueFd extra, second;
        try {
            if (open_extra) extra = open_extra();
            if (open_second) second = open_second();
        } catch (const Error& e) {
            const nlohmann::json line{{"error", e.what()}, {"exit_code", e.exit_code}};
            sys::write_all(output, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", "report");
            return e.exit_code;
        }
        if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0) return cannot_execute;
        // dup2 onto itself keeps close-on-exec.
        ::fcntl(STDIN_FILENO, F_SETFD, 0);
        ::fcntl(STDOUT_FILENO, F_SETFD, 0);
        sys::cloexec_from(STDERR_FILENO + 1);
        for (UniqueFd* fd : {&extra, &second}) // out of the way of the numbers they are to have
            if (*fd) fd->reset(::fcntl(fd->get(), F_DUPFD_CLOEXEC, worker_second_fd + 1));
        for (const auto& [fd, number] : {std::pair(&extra, worker_extra_fd), {&second, worker_second_fd}})
            if (*fd && (::dup2(fd->get(), number) < 0 || ::fcntl(number, F_SETFD, 0) != 0)) return cannot_execute;
        ::execve(words_[0].c_str(), pointers(words_).data(), pointers(environment_).data());
        return cannot_execute;
    }

    std::vector<std::string> words_;
    std::vector<std::string> environment_;
    UniqueFd report_;
    pid_t pid_ = -1;
};

/// Cuts the stream into lines.
class LineReader {
public:
    explicit LineReader(int fd) : fd_(fd) {}

    std::optional<std::string> next() {
        for (;;) {
            if (const auto end = buffer_.find('\n'); end != std::string::npos) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return line;
            }
            if (buffer_.size() > longest_line) throw Error("the image worker's report has a line without end");
            std::byte chunk[16 << 10];
            const std::size_t count = sys::read_some(fd_, chunk, "the image worker's report");
            if (count == 0) return std::nullopt;
            buffer_.append(reinterpret_cast<const char*>(chunk), count);
        }
    }

private:
    int fd_;
    std::string buffer_;
};

std::string end_of(int status) {
    return WIFSIGNALED(status) ? cat("was killed by signal ", WTERMSIG(status)) : cat("ended with status ", WEXITSTATUS(status));
}

/// Passes one line on; the result if it is that.
std::optional<nlohmann::json> take_line(const std::string& line, const WorkerCallbacks& callbacks) {
    const nlohmann::json document = oci::parse_json_text(line, "the image worker's report", oci::JsonKeys::distinct, {longest_line, 16});
    // The worker has read what strangers wrote: its words are judged like theirs.
    const oci::Fields fields(document, "the image worker's report");
    if (fields.has("error")) {
        const auto code = fields.number("exit_code").value_or(exit_code::engine_error);
        throw Error(fields.text("error")).with_exit_code(code > 0 && code < 256 ? static_cast<int>(code) : exit_code::engine_error);
    }
    if (const auto result = fields.object("result")) return result->raw();
    if (fields.has("warning")) {
        const Notice& tell = callbacks.warning ? callbacks.warning : callbacks.notice;
        if (tell) tell(fields.text("warning"));
    } else if (fields.has("notice")) {
        if (callbacks.notice) callbacks.notice(fields.text("notice"));
    } else if (callbacks.progress) {
        callbacks.progress(line);
    }
    return std::nullopt;
}

} // namespace

UniqueFd request_file(const nlohmann::json& request) {
    UniqueFd file(::memfd_create("ctl-request", MFD_CLOEXEC));
    if (!file) throw SysError{errno, "memfd_create"};
    sys::write_all(file.get(), request.dump(), "the request");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw SysError{errno, "rewind the request"};
    return file;
}

nlohmann::json run_image_worker(Engine& engine, const std::vector<std::string>& arguments, int stdin_fd,
                                const WorkerCallbacks& callbacks, const OpenExtra& open_extra, int userns, const OpenExtra& open_second) {
    engine.paths.ensure();
    Worker worker(engine, arguments, stdin_fd, open_extra, userns, open_second);
    LineReader lines(worker.report_fd());
    std::optional<nlohmann::json> result;
    while (const auto line = lines.next())
        if (auto last = take_line(*line, callbacks)) result = std::move(last);
    const int status = worker.wait();
    if (result) return *std::move(result);
    if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_execute) throw Error("cannot start ", worker.path());
    throw Error("the image worker ", end_of(status), " without a result");
}

} // namespace lib
