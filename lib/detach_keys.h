// --detach-keys: the keys that leave a container running, and finding them in what is typed.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace lib {

inline constexpr std::string_view default_detach_keys = "ctrl-p,ctrl-q";

/// A sequence of keys to be found in a stream of bytes. Keys that may be the beginning of it are held back until the next
/// one shows what they were.
class DetachKeys {
public:
    static constexpr std::size_t most = 16; ///< keys of a sequence

    /// No keys: nothing is ever held back.
    DetachKeys() = default;
    /// `ctrl-p,ctrl-q` as Podman and Docker have it: keys separated by commas, each a character or `ctrl-` with one of
    /// a-z @ [ \ ] ^ _; empty for none. Throws Error.
    explicit DetachKeys(std::string_view text);

    struct Result {
        std::size_t size = 0; ///< bytes of `out` to pass on
        bool detach = false;  ///< the sequence was completed; what was typed after it is dropped
    };
    /// `out` must have room for `most` bytes more than `in`.
    Result filter(std::span<const std::byte> in, std::span<std::byte> out) noexcept;

private:
    std::size_t size_ = 0;
    std::size_t held_ = 0; ///< keys of the sequence that were typed so far
    std::array<std::byte, most> keys_{};
};

} // namespace lib
