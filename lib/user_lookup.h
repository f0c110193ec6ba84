// USER of an image and `-u`: who a process runs as, from the text of the container's passwd and group files.
// Nothing of libc's name services is used: they would load code and configuration of the host or the container.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

/// What the caller should read of each file at most (bytes); the files are the image's and may be anything.
inline constexpr std::size_t user_file_limit = 4 << 20;

struct ResolvedUser {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups; ///< supplementary groups, the primary one always first (CVE-2022-2989)
    std::string home = "/";
    std::string name; ///< login name, empty when passwd has none for the uid
    bool operator==(const ResolvedUser&) const = default;
};

/// `spec` is "", USER, USER:GROUP or :GROUP, each part a name or a decimal number. A number is a number, even where a user
/// is called that (CVE-2016-3697); signs, leading zeros, blanks, hexadecimal and numbers above 2147483647 are refused, so
/// that nothing turns into another id (CVE-2024-40635). An empty user is root. A number that passwd does not know runs
/// with group 0, as everywhere in the field (images made for arbitrary ids rely on it). With a group in `spec`
/// there are no further groups (image spec, config.md, "User"); without, those of the group file.
/// Throws Error naming what is unknown. Time is linear in the files.
ResolvedUser resolve_user(std::string_view spec, std::string_view passwd, std::string_view group);

/// In single-id mode there are no other groups than the primary one, and none can be set: those that the image's group file
/// would add are left out.
void keep_primary_group(ResolvedUser& user);

/// One of `--group-add`: a number, or a name in the text of a group file. Throws Error.
std::uint32_t resolve_group(std::string_view spec, std::string_view group);

/// An entry of a passwd file.
struct PasswdEntry {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string comment;
    std::string home;
};
/// By name or decimal number; the first that fits.
std::optional<PasswdEntry> find_passwd_entry(std::string_view passwd, std::string_view name_or_uid);
/// The name of the first group with that number.
std::optional<std::string> find_group_name(std::string_view group, std::uint32_t gid);

} // namespace lib
