// The keys of Podman 5.4's containers.conf(5): their types, and what ctl makes of them. docs/containers-conf.md is this table
// for readers; a test holds the two together.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lib::config {

enum class KeyType : std::uint8_t {
    flag,
    number,
    text,
    list,  ///< of texts
    table, ///< of anything, with keys of the user's choice
};

enum class KeyStatus : std::uint8_t {
    supported,
    not_yet, ///< what it is about is not there yet
    never,   ///< what it is about does not exist in ctl
};

struct ConfKey {
    std::string_view name; ///< "containers.tz"
    KeyType type;
    KeyStatus status;
    std::string_view note; ///< for `never`: why; for the others, where there is something to say
};

/// In the order of the manual page.
std::span<const ConfKey> conf_keys();
/// nullptr for a key that is not in the manual page. Keys of a table of the user's choice are found by the table's name.
const ConfKey* find_conf_key(std::string_view name);

} // namespace lib::config
