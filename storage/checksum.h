// CRC-64 of file contents, by which a layer's index knows what damage has changed. Not a digest: nobody is kept from making two
// files with the same one. What a layer is remains its diff-id's question (storage/rebuild.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace storage {

/// CRC-64/XZ (the polynomial of ECMA-182, reflected, complemented at both ends), continued from `crc`, which is 0 at first.
std::uint64_t crc64_update(std::uint64_t crc, std::span<const std::byte> bytes) noexcept;

/// The same without ISA-L.
std::uint64_t crc64_update_plain(std::uint64_t crc, std::span<const std::byte> bytes) noexcept;

} // namespace storage
