// See storage/owner_shift.h.
#include "storage/owner_shift.h"

#include "base/error.h"

#include <endian.h>

#include <array>
#include <charconv>
#include <cstring>

namespace storage {
namespace {

std::optional<std::uint32_t> find_in(const std::vector<ShiftRange>& ranges, std::uint32_t id) noexcept {
    for (const ShiftRange& r : ranges)
        if (id >= r.image && id - r.image < r.count) return r.store + (id - r.image);
    return std::nullopt;
}

std::string ranges_text(const std::vector<ShiftRange>& ranges) {
    std::string text;
    for (const ShiftRange& r : ranges) text += cat(text.empty() ? "" : ",", r.image, ":", r.store, ":", r.count);
    return text;
}

/// "0:1:1000"
std::optional<ShiftRange> parse_range(std::string_view text) {
    std::array<std::uint32_t, 3> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (error != std::errc() || text.starts_with(':') != (i + 1 < numbers.size())) return std::nullopt;
        if (!text.empty()) text.remove_prefix(1);
    }
    if (!text.empty()) return std::nullopt;
    return ShiftRange{numbers[0], numbers[1], numbers[2]};
}

std::optional<std::vector<ShiftRange>> parse_ranges(std::string_view text, char kind) {
    if (!text.starts_with(kind)) return std::nullopt;
    std::vector<ShiftRange> ranges;
    for (text.remove_prefix(1); !text.empty();) {
        const std::string_view word = text.substr(0, text.find(','));
        const auto range = parse_range(word);
        if (!range) return std::nullopt;
        ranges.push_back(*range);
        text.remove_prefix(word.size());
        if (text == ",") return std::nullopt;
        if (!text.empty()) text.remove_prefix(1);
    }
    return ranges;
}

} // namespace

std::optional<std::uint32_t> IdShift::find_uid(std::uint32_t id) const noexcept { return find_in(uids, id); }
std::optional<std::uint32_t> IdShift::find_gid(std::uint32_t id) const noexcept { return find_in(gids, id); }
std::string IdShift::text() const { return cat("u", ranges_text(uids), ";g", ranges_text(gids)); }

bool is_acl(std::string_view attribute) noexcept { return attribute.starts_with("system.posix_acl_"); }

void shift_acl(std::span<char> value, const IdShift& shift) noexcept {
    constexpr std::uint32_t version = 2, nobody = 65534; // linux/posix_acl_xattr.h, little-endian
    constexpr std::uint16_t user = 2, group = 8;
    struct Entry {
        std::uint16_t tag, rights;
        std::uint32_t id;
    };
    std::uint32_t found = 0;
    if (value.size() < sizeof found) return;
    std::memcpy(&found, value.data(), sizeof found);
    if (le32toh(found) != version) return;
    for (value = value.subspan(sizeof found); value.size() >= sizeof(Entry); value = value.subspan(sizeof(Entry))) {
        Entry entry{};
        std::memcpy(&entry, value.data(), sizeof entry);
        const std::uint16_t tag = le16toh(entry.tag);
        if (tag != user && tag != group) continue;
        const auto id = tag == user ? shift.find_uid(le32toh(entry.id)) : shift.find_gid(le32toh(entry.id));
        entry.id = htole32(id.value_or(nobody));
        if (!id) entry.rights = 0;
        std::memcpy(value.data(), &entry, sizeof entry);
    }
}

IdShift parse_id_shift(std::string_view text) {
    const auto semicolon = text.find(';');
    if (semicolon != std::string_view::npos) {
        auto uids = parse_ranges(text.substr(0, semicolon), 'u');
        auto gids = parse_ranges(text.substr(semicolon + 1), 'g');
        if (uids && gids) return {std::move(*uids), std::move(*gids)};
    }
    throw Error("\"", text, "\" is no shift of ids: expected u0:1:1000,1000:0:1;g0:1:1001");
}

} // namespace storage
