// Who a process runs as, see lib/user_lookup.h.
#include "lib/user_lookup.h"

#include "base/error.h"
#include "base/oci/digest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace lib {
namespace {

using oci::printable;

/// The highest id: containerd, runc and Docker end here too, above it some program will read it as negative.
constexpr std::uint32_t highest_id = 2147483647;
constexpr std::size_t most_groups = 65536; // NGROUPS_MAX

/// A plain decimal number without sign, blanks or leading zeros, at most highest_id.
std::optional<std::uint32_t> find_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if ((text.size() > 1 && text.front() == '0') || value > highest_id) return std::nullopt;
    return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What may be looked up as a name: begins with a letter or "_", holds nothing that the file format or a terminal reads otherwise.
bool is_name(std::string_view text) {
    const auto is_first = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    };
    const auto is_other = [](char c) { return c > ' ' && c != ':' && c != ',' && c != '/' && c != 0x7f; };
    return !text.empty() && is_first(text.front())
           && std::ranges::all_of(text, [&](char c) { return is_first(c) || is_other(c); });
}

/// One part of the specification: a number, or else a name to look up.
struct Part {
    std::optional<std::uint32_t> number;
    std::string_view name;
};

Part parse_part(std::string_view text, std::string_view spec, const char* kind) {
    if (const auto number = find_number(text)) return {number, {}};
    if (!text.empty() && std::ranges::all_of(text, is_digit))
        throw Error(kind, " \"", printable(spec), "\": ", text.front() == '0' ? "a number has no leading zero" : "ids end at 2147483647");
    if (!is_name(text)) throw Error(kind, " \"", printable(spec), "\": \"", printable(text), "\" is neither a name nor a number");
    return {std::nullopt, text};
}

/// Calls `use` with each line's fields until it returns false. Lines with another number of fields or a NUL are no entries.
template <std::size_t FieldCount, class Use>
void each_entry(std::string_view text, Use use) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.find('\0') != std::string_view::npos) continue;
        std::array<std::string_view, FieldCount> fields;
        std::string_view rest = line;
        std::size_t found = 0;
        for (; found < FieldCount; ++found) {
            const std::size_t colon = rest.find(':');
            fields.at(found) = rest.substr(0, colon);
            if (colon == std::string_view::npos) break;
            rest.remove_prefix(colon + 1);
        }
        if (found + 1 == FieldCount && !use(fields)) return;
    }
}

/// The first entry that `part` means: passwd(5), name:password:uid:gid:comment:home:shell.
std::optional<PasswdEntry> find_user(std::string_view passwd, const Part& part) {
    std::optional<PasswdEntry> result;
    each_entry<7>(passwd, [&](const auto& fields) {
        const auto uid = find_number(fields[2]);
        const bool meant = part.number ? uid == part.number : fields[0] == part.name;
        if (!meant) return true;
        const auto gid = find_number(fields[3]);
        if (!uid || !gid) throw Error("user ", printable(fields[0]), " has no valid ids in the container's passwd file");
        result = PasswdEntry{std::string(fields[0]), *uid, *gid, std::string(fields[4]), std::string(fields[5])};
        return false;
    });
    return result;
}

/// The id of a named group: group(5), name:password:gid:members.
std::optional<std::uint32_t> find_group(std::string_view group, std::string_view name) {
    std::optional<std::uint32_t> result;
    each_entry<4>(group, [&](const auto& fields) {
        if (fields[0] != name) return true;
        result = find_number(fields[2]);
        if (!result) throw Error("group ", printable(name), " has no valid id in the container's group file");
        return false;
    });
    return result;
}

bool lists(std::string_view members, std::string_view user) {
    while (!members.empty()) {
        const std::string_view member = members.substr(0, members.find(','));
        if (member == user) return true;
        members.remove_prefix(std::min(member.size() + 1, members.size()));
    }
    return false;
}

/// The groups that list `user` as a member, each once, after the primary one.
std::vector<std::uint32_t> groups_of(std::string_view group, std::string_view user, std::uint32_t primary) {
    std::vector<std::uint32_t> groups;
    each_entry<4>(group, [&](const auto& fields) {
        const auto gid = find_number(fields[2]);
        if (!gid || !lists(fields[3], user)) return true;
        groups.push_back(*gid);
        if (groups.size() > most_groups) throw Error("user ", printable(user), " is in more than ", most_groups, " groups");
        return true;
    });
    std::ranges::sort(groups);
    const auto repeated = std::ranges::unique(groups);
    groups.erase(repeated.begin(), repeated.end());
    std::erase(groups, primary);
    groups.insert(groups.begin(), primary);
    return groups;
}

std::uint32_t group_id(const Part& part, std::string_view group) {
    if (part.number) return *part.number;
    const auto gid = find_group(group, part.name);
    if (!gid) throw Error("the container has no group \"", printable(part.name), "\" in its group file");
    return *gid;
}

} // namespace

ResolvedUser resolve_user(std::string_view spec, std::string_view passwd, std::string_view group) {
    const std::size_t colon = spec.find(':');
    const std::string_view user_text = spec.substr(0, colon);
    const Part user = user_text.empty() ? Part{0, {}} : parse_part(user_text, spec, "user");
    const auto entry = find_user(passwd, user);
    if (!entry && !user.number)
        throw Error("the container has no user \"", printable(user.name), "\" in its passwd file");

    ResolvedUser result;
    result.uid = entry ? entry->uid : *user.number;
    result.gid = entry ? entry->gid : 0;
    if (entry) {
        result.name = entry->name;
        if (entry->home.starts_with('/')) result.home = entry->home;
    }
    if (colon != std::string_view::npos) {
        result.gid = group_id(parse_part(spec.substr(colon + 1), spec, "user"), group);
        result.groups = {result.gid};
    } else {
        result.groups = entry ? groups_of(group, entry->name, result.gid) : std::vector{result.gid};
    }
    return result;
}

void keep_primary_group(ResolvedUser& user) { user.groups.resize(1); }

std::uint32_t resolve_group(std::string_view spec, std::string_view group) {
    return group_id(parse_part(spec, spec, "group"), group);
}

std::optional<PasswdEntry> find_passwd_entry(std::string_view passwd, std::string_view name_or_uid) {
    const auto uid = find_number(name_or_uid);
    return find_user(passwd, Part{uid, uid ? std::string_view() : name_or_uid});
}

std::optional<std::string> find_group_name(std::string_view group, std::uint32_t gid) {
    std::optional<std::string> result;
    each_entry<4>(group, [&](const auto& fields) {
        if (find_number(fields[2]) != gid) return true;
        result = std::string(fields[0]);
        return false;
    });
    return result;
}

} // namespace lib
