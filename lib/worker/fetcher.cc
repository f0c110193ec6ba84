// The unpacking side, see lib/worker/fetcher.h.
#include "lib/worker/fetcher.h"

#include "base/error.h"
#include "base/oci/json_text.h"
#include "lib/worker/fetch_answers.h"
#include "storage/digest.h"

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace lib::worker {
namespace {

constexpr std::size_t request_limit = 32 << 20;
constexpr std::size_t answer_limit = 5 << 20;  ///< a manifest with its content type; the client's own limit is less
constexpr int pipe_size = 1 << 20;              ///< bytes; the kernel's default if that is too much for the user

std::string read_all(storage::ByteSource& source, std::size_t limit) {
    std::string all;
    std::array<std::byte, 64 << 10> chunk;
    while (const std::size_t count = source.read(chunk)) {
        all.append(reinterpret_cast<const char*>(chunk.data()), count);
        if (all.size() > limit) throw Error("the registry sent more than ", limit, " bytes");
    }
    return all;
}

/// A proxy's address may have a password in it: gone from this process's memory, too.
void forget_proxies() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
        if (char* value = std::getenv(name)) ::explicit_bzero(value, std::strlen(value));
        ::unsetenv(name);
    }
}

} // namespace

Fetcher::Fetcher(std::function<void(const std::string&)> warn) : warn_(std::move(warn)) {
    SocketPair sockets = sys::socket_pair(SOCK_SEQPACKET);
    pid_ = ::fork();
    if (pid_ < 0) throw SysError{errno, "fork"};
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        sys::close_all_but({sockets.theirs.get()});
        serve_fetches(sockets.theirs.get());
    }
    socket_ = std::move(sockets.ours);
    forget_proxies();
    if (::dup2(sys::open("/dev/null", O_RDONLY).get(), STDIN_FILENO) < 0) throw SysError{errno, "dup2"};
}

Fetcher::~Fetcher() { sys::kill_and_reap(pid_); }

std::unique_ptr<storage::ByteSource> Fetcher::ask(const nlohmann::json& question) {
    Pipe answer = sys::pipe();
    ::fcntl(answer.read.get(), F_SETPIPE_SZ, pipe_size);
    const std::lock_guard lock(mutex_);
    sys::write_all(socket_.get(), question.dump(), "ask the process that speaks to the registry");
    sys::send_fd(socket_.get(), answer.write.get(), "ask the process that speaks to the registry");
    return std::make_unique<AnswerSource>(std::move(answer.read), warn_);
}

nlohmann::json Fetcher::request() {
    const std::string text = read_all(*ask({{"request", true}}), request_limit);
    return oci::parse_json_text(text, "the request", oci::JsonKeys::distinct, {request_limit, 64});
}

RawManifest Fetcher::fetch_manifest(std::size_t source, const std::string& tag_or_digest) {
    const std::string answer = read_all(*ask({{"source", source}, {"manifest", tag_or_digest}}), answer_limit);
    const auto line = answer.find('\n');
    if (line == std::string::npos) throw Error("the fetcher's answer has no content type");
    std::string body = answer.substr(line + 1);
    const oci::Digest digest = oci::Digest::parse(storage::sha256_digest(body));
    if (const auto wanted = oci::Digest::find(tag_or_digest); wanted && *wanted != digest)
        throw Error("manifest ", tag_or_digest, ": what came has the digest ", digest.str());
    return {std::move(body), answer.substr(0, line), digest};
}

std::string Fetcher::fetch_blob(std::size_t source, const oci::Descriptor& descriptor, std::size_t limit) {
    if (descriptor.size > limit) throw Error("blob ", descriptor.digest.str(), ": larger than ", limit, " bytes");
    const auto stream = open_blob(source, descriptor, 0);
    std::string body = read_all(*stream, limit);
    if (storage::sha256_digest(body) != descriptor.digest.str())
        throw Error("blob ", descriptor.digest.str(), ": the registry sent content with another digest");
    return body;
}

std::unique_ptr<storage::ByteSource> Fetcher::open_blob(std::size_t source, const oci::Descriptor& descriptor, std::uint64_t offset) {
    return ask({{"source", source}, {"blob", descriptor.digest.str()}, {"size", descriptor.size}, {"offset", offset}});
}

} // namespace lib::worker
