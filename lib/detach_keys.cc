// The keys that leave a container running; see lib/detach_keys.h.
#include "lib/detach_keys.h"

#include "base/error.h"

#include <algorithm>

namespace lib {
namespace {

std::byte parse_key(std::string_view text, std::string_view key) {
    if (key.size() == 1) return static_cast<std::byte>(key.front());
    constexpr std::string_view control = "ctrl-";
    if (key.size() == control.size() + 1 && key.starts_with(control)) {
        const char letter = key.back();
        if (letter >= 'a' && letter <= 'z') return static_cast<std::byte>(letter - 'a' + 1);
        if (letter >= 'A' && letter <= 'Z') return static_cast<std::byte>(letter - 'A' + 1);
        if (letter == '@') return std::byte{0};
        if (letter >= '[' && letter <= '_') return static_cast<std::byte>(letter - '@');
    }
    throw Error("--detach-keys=", text, ": \"", key, "\" is no key; write letters or ctrl-LETTER, separated by commas");
}

} // namespace

DetachKeys::DetachKeys(std::string_view text) {
    for (std::string_view rest = text; !rest.empty();) {
        const auto comma = rest.find(',');
        if (comma == rest.size() - 1) throw Error("--detach-keys=", text, ": a key is missing after the last comma");
        if (size_ == most) throw Error("--detach-keys=", text, ": ", most, " keys at most");
        keys_[size_++] = parse_key(text, rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
}

DetachKeys::Result DetachKeys::filter(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    Result result;
    for (const std::byte key : in) {
        // What is held back and this key: the longest end of it that is a beginning of the sequence stays held.
        std::array<std::byte, most + 1> typed{};
        std::copy_n(keys_.begin(), held_, typed.begin());
        const std::size_t size = held_ + 1;
        typed[held_] = key;
        std::size_t keep = std::min(size, size_);
        while (!std::equal(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(keep), typed.begin() + static_cast<std::ptrdiff_t>(size - keep)))
            --keep;
        std::copy_n(typed.begin(), size - keep, out.begin() + static_cast<std::ptrdiff_t>(result.size));
        result.size += size - keep;
        held_ = keep;
        if (size_ > 0 && held_ == size_) {
            held_ = 0;
            result.detach = true;
            return result;
        }
    }
    return result;
}

} // namespace lib
