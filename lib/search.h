// search: repositories of registries by a part of their names.
#pragma once

#include "lib/engine.h"
#include "lib/registry_access.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

struct FoundRepository {
    std::string index; ///< the registry
    std::string name;  ///< with the registry
    std::string description;
    std::uint64_t stars = 0;
    bool official = false;
    bool automated = false;
};

inline constexpr std::size_t most_found = 10'000;

struct SearchRequest {
    std::string term;  ///< after a registry, "quay.io/fedora", or alone: in the search registries
    std::size_t limit = 25; ///< for each registry, at most most_found
    RegistryOptions registry;
};

/// What registries answered; `notice` is told about those that did not, and the last such Error is thrown when none did.
std::vector<FoundRepository> search_registries(Engine& engine, const SearchRequest& request, const Notice& notice);

struct RepositoryTags {
    std::string name;
    std::vector<std::string> tags;
};
/// `search --list-tags`.
RepositoryTags find_tags(Engine& engine, const SearchRequest& request, const Notice& notice);

} // namespace lib
