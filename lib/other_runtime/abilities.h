// What another OCI runtime says of itself: its `features` (runtime-spec 1.2, features.md).
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/other_runtime/choice.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// A list that is missing says nothing, and nothing is refused for want of it.
struct RuntimeAbilities {
    std::string newest; ///< ociVersionMax; empty: unknown
    std::optional<std::vector<std::string>> namespaces;
    std::optional<std::vector<std::string>> mount_options;
    std::optional<std::vector<std::string>> capabilities;
    std::optional<bool> seccomp;
    std::optional<std::vector<std::string>> seccomp_actions;
    std::optional<std::vector<std::string>> seccomp_operators;
    std::optional<std::vector<std::string>> seccomp_architectures;
    std::optional<std::vector<std::string>> seccomp_flags;
};

/// Runs `PROGRAM features`. One that does not know the command has told nothing. Throws Error when it cannot be run, or does not
/// end.
RuntimeAbilities ask_abilities(const OtherRuntime& runtime);
/// Throws Error for what is no JSON object.
RuntimeAbilities parse_abilities(const std::string& text, const std::string& program);

/// Whether an optional list has a word, or has not been told.
bool may_have(const std::optional<std::vector<std::string>>& list, const std::string& word);

} // namespace lib
