// --userns, --uidmap, --gidmap, --subuidname and --subgidname: which ids a container has. No I/O.
//
// Numbers on the right of a mapping are those of the store's user namespace, Podman's "intermediate" ids: 0 is the user, 1 the
// first subordinate id, and so on.
#pragma once

#include "rootless/userns.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

enum class UserNamespaceKind {
    store,     ///< the default map: 0 is the user, 1 the first subordinate id, …
    keep_id,   ///< the user keeps her number, or gets the one asked for
    nomap,     ///< the user herself is not in the container
    automatic, ///< a range of subordinate ids that no other such container uses
    container, ///< another container's, `target` its name
    path,      ///< the one at `target`
};

struct UserNamespaceMode {
    UserNamespaceKind kind = UserNamespaceKind::store;
    std::string target;
    std::string word; ///< as typed; "host" for the default
    std::optional<std::uint32_t> uid; ///< keep-id
    std::optional<std::uint32_t> gid;
    std::optional<std::uint32_t> size; ///< keep-id and auto
    std::vector<rootless::IdRange> uids; ///< auto: mappings there must be
    std::vector<rootless::IdRange> gids;
    bool operator==(const UserNamespaceMode&) const = default;
};

/// --userns=TEXT. Throws Error naming what is not understood.
UserNamespaceMode parse_user_namespace(const std::string& text);

/// The ranges that keep-id makes of ids 0 to `total` - 1, with the user (0) shown as `own`.
std::vector<rootless::IdRange> keep_id_ranges(std::uint32_t own, std::uint32_t total);

/// `size` ids from 0 on: those of `fixed` as they are said, the others one after the other from `start` on.
std::vector<rootless::IdRange> automatic_ranges(std::uint32_t size, std::uint32_t start, const std::vector<rootless::IdRange>& fixed);
/// The lowest `size` ids from 1 to `total` - 1 in which none of `used` lies.
std::optional<std::uint32_t> find_free_range(std::uint32_t size, std::uint32_t total, std::vector<rootless::IdRange> used);

/// What --uidmap and --gidmap make of the store's map, still in intermediate ids:
///   [u|g|+...]CONTAINER:FROM[:AMOUNT]   FROM an intermediate id, or @ID for one of this machine; AMOUNT 1
///   +   takes what it needs out of the mappings before it; with nothing before it, what is left fills the gaps from 0 on
///   u g for users or groups alone; without --uidmap those of --gidmap without "g" hold for users too, and the other way round
rootless::IdMaps parse_id_maps(const std::vector<std::string>& uidmap, const std::vector<std::string>& gidmap,
                               const rootless::IdMaps& store);

/// How many ids there are.
std::uint32_t total_of(const std::vector<rootless::IdRange>& ranges);

} // namespace lib
