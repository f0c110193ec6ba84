// The half that speaks to registries of whatever fetches something, in a process of its own.
//
// Theory of operation
//
// Aims. What unpacks a stranger's archive has no network, no password and no certificate; what speaks to strangers' servers has no
// file of the store.
//
// Actors. The image worker forks the fetcher before it has read its request. The fetcher reads it, hands the rest of it
// over without the secrets, and from then on answers questions, each in a thread of its own and by a pipe that comes with the
// question (lib/worker/fetch_answers.h). It can read the machine's certificates, and write nothing.
//
// What is believed. The fetcher's word counts as little as the registry's: digests are computed on this side.
//
// Failure. A fetcher that dies ends what is being read from it like a broken connection; partial downloads stay.
#pragma once

#include "base/oci/manifest.h"
#include "base/sys.h"
#include "lib/worker/layout.h"
#include "storage/byte_source.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace lib::worker {

class Fetcher {
public:
    /// Forks; the caller must be single-threaded. The new process takes over stdin, where the request is. Throws SysError.
    /// `warn` hears of its warnings, on any thread.
    explicit Fetcher(std::function<void(const std::string&)> warn);
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;
    /// Kills it.
    ~Fetcher();

    /// What is asked for on stdin, but for "access", and the sources without their credentials. Both are in the document itself, or in
    /// its "source" where it has one.
    nlohmann::json request();

    /// From source number `source` of the request, as registry::Client's functions of the same names. Any thread.
    RawManifest fetch_manifest(std::size_t source, const std::string& tag_or_digest);
    std::string fetch_blob(std::size_t source, const oci::Descriptor& descriptor, std::size_t limit);
    std::unique_ptr<storage::ByteSource> open_blob(std::size_t source, const oci::Descriptor& descriptor, std::uint64_t offset);

private:
    std::unique_ptr<storage::ByteSource> ask(const nlohmann::json& question);

    const std::function<void(const std::string&)> warn_;
    std::mutex mutex_; ///< a question is two messages
    UniqueFd socket_;
    pid_t pid_ = -1;
};

/// The fetcher's side: answers what comes through `socket` (SOCK_SEQPACKET), a question and after it the pipe for the answer, until
/// that is closed at the other end. Confines the process first, and ends it.
[[noreturn]] void serve_fetches(int socket);

} // namespace lib::worker
