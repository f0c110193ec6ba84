// Tar headers as bytes: ustar (POSIX.1-1988), with pax records (POSIX.1-2001) for what does not fit, SCHILY.xattr.* for
// extended attributes and GNU's sparse format 1.0 for files with holes. Pure.
#pragma once

#include "storage/tar_entry.h"

#include <cstdint>
#include <string>
#include <vector>

namespace storage {

inline constexpr std::size_t tar_block = 512;

/// A part of a file that is there; between parts are holes.
struct TarExtent {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Everything that stands before the entry's content. Times are written in whole seconds, as everywhere in the field; a
/// directory's name gets its slash here.
std::string tar_header(const TarEntry& entry);

/// The same for a file of which only `extents` are stored, one after the other, their map included.
std::string tar_sparse_header(const TarEntry& entry, const std::vector<TarExtent>& extents);

/// Bytes that fill `size` up to whole blocks.
std::size_t tar_padding(std::uint64_t size);

/// What ends an archive: two blocks of zeros.
std::string tar_end();

} // namespace storage
