// Compression of layers on their way out: gzip (ISA-L where no level is asked for, else zlib) and zstd.
#pragma once

#include "storage/byte_source.h"

#include <memory>
#include <optional>

namespace storage {

enum class Packing { none, gzip, zstd };

/// Throws Error for a level that the packing does not have: gzip 1 to 9, zstd 1 to 22. Plain layers have none, and take any.
void check_level(Packing packing, std::optional<int> level);

/// The packed bytes of `plain`, which must outlive the result; with `none` the same bytes. `level`: gzip 1 to 9, zstd 1 to 22.
/// Throws Error for another.
std::unique_ptr<ByteSource> open_compressed(ByteSource& plain, Packing packing, std::optional<int> level = {});

} // namespace storage
