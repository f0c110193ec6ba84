// Which owners an image's files are shown with, for containers with another id map than the store's: plain arithmetic, shared by
// the trees for the kernel's overlay (storage/id_shift.h) and our own (storage/fuse).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

/// `count` ids of the image from `image` on are to be the store's ids from `store` on.
struct ShiftRange {
    std::uint32_t image;
    std::uint32_t store;
    std::uint32_t count;
    bool operator==(const ShiftRange&) const = default;
};

struct IdShift {
    std::vector<ShiftRange> uids;
    std::vector<ShiftRange> gids;
    bool operator==(const IdShift&) const = default;

    bool empty() const noexcept { return uids.empty() && gids.empty(); }
    std::optional<std::uint32_t> find_uid(std::uint32_t id) const noexcept;
    std::optional<std::uint32_t> find_gid(std::uint32_t id) const noexcept;
    std::string text() const; ///< "u0:1:1000,1000:0:1;g…"
};

/// Whether an attribute is an access control list: system.posix_acl_access and _default.
bool is_acl(std::string_view attribute) noexcept;
/// The value of one, as getxattr(2) has it (acl(5), version 2), with the users and groups it names shifted as owners are. Who has no number any more
/// gets no rights. What is no list stays as it is.
void shift_acl(std::span<char> value, const IdShift& shift) noexcept;

/// What IdShift::text() has made. Throws Error for anything else.
IdShift parse_id_shift(std::string_view text);

} // namespace storage
