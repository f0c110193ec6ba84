// login and logout: the user's credentials for a registry, tried and kept.
#pragma once

#include "lib/credentials.h"
#include "lib/engine.h"
#include "lib/registry_access.h"

#include <optional>
#include <string>

namespace lib {

struct LoginPlace {
    std::string registry;    ///< REGISTRY[/NAMESPACE…] as typed; empty: the first search registry
    std::string compat_file; ///< --compat-auth-file: a file in Docker's format in place of auth.json
    RegistryOptions options;
};

class Login {
public:
    /// Throws Error for what names no registry.
    Login(Engine& engine, LoginPlace place, Notice notice);

    const std::string& registry() const noexcept { return key_; }
    std::optional<Credentials> find() const { return files_.find(key_); }
    /// Asks the registry.
    bool is_believed(const Credentials& credentials) const;
    /// Returns where they are now.
    std::string store(const Credentials& credentials) const { return files_.store(key_, credentials); }
    bool erase() const { return files_.erase(key_); }
    void erase_all() const { files_.erase_all(); }

private:
    Engine& engine_;
    Notice notice_;
    RegistryAccess access_;
    std::string key_;
    CredentialFiles files_;
};

} // namespace lib
