// docker-credential-NAME: programs of the user's choice that keep passwords (docker-credential-helpers' protocol).
//
// They are found in the absolute directories of $PATH, must belong to root or the user and be writable by nobody else
// (security.md E15), and run without a shell, with the user's environment. Requests go to their stdin, never to argv.
#pragma once

#include "base/filter_process.h"
#include "lib/credentials.h"

#include <map>
#include <optional>
#include <string>

namespace lib {

/// NAME of docker-credential-NAME. Throws Error for what is no plain name, and where there is no such program.
class CredentialHelper {
public:
    explicit CredentialHelper(const std::string& name);

    /// nullopt when it has none for this server.
    std::optional<Credentials> find(const std::string& server) const;
    void store(const std::string& server, const Credentials& credentials) const;
    /// False when there was none.
    bool erase(const std::string& server) const;
    /// User names by server.
    std::map<std::string, std::string> list() const;

private:
    FilterAnswer run(const std::string& verb, const std::string& input) const { return run_filter(path_, {verb}, input, longest_answer); }

    static constexpr std::size_t longest_answer = 1 << 20; ///< bytes

    std::string path_;
};

} // namespace lib
