// cp with "-": tar streams on stdin and stdout.
#pragma once

#include "lib/container_files.h"
#include "lib/copy_place.h"
#include "storage/byte_source.h"
#include "storage/tree_tar.h"

#include <string>

namespace lib {

struct ExtractOptions {
    bool chown = true;      ///< to the container's user, else the archive's ids
    bool overwrite = false;
};

/// Unpacks the archive on stdin (plain, gzip or zstd) into a directory of the container. The image worker does it: it has the
/// parsers, and holds nothing but that container's root.
void extract_stream(Engine& engine, const ContainerFiles& files, const std::string& path, const ExtractOptions& options);

/// Writes the file or directory to stdout as a tar archive; called in the child that has opened the root.
void write_stream(const ContainerFiles& files, const CopySide& side, const std::string& path);

/// Owners in an archive are those that the container sees.
void translate_owners(const ContainerFiles& files, storage::TreeTarOptions& options);

/// Everything of `source` to a descriptor.
void write_all_of(storage::ByteSource& source, int fd, const std::string& what);

/// Throws Error where `fd` is a terminal, which an archive would only upset.
void refuse_terminal(int fd, const std::string& instead);

} // namespace lib
