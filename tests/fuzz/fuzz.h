// What the fuzz targets share (tests/fuzz/run). Each is one file with libFuzzer's LLVMFuzzerTestOneInput and seed().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fuzz {

inline std::span<const std::byte> bytes(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span(data, size)); }

/// Something to begin with; by the target.
std::vector<std::byte> seed(unsigned number);

} // namespace fuzz
