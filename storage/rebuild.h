// The way back: the exact tar stream a layer was unpacked from, out of its files and its index.
#pragma once

#include "storage/byte_source.h"
#include "storage/store.h"

#include <memory>
#include <string>

namespace storage {

/// The uncompressed tar of the layer, byte for byte, so that its SHA-256 is the diff-id. Files of subordinate ids are
/// read: call it inside the user namespace. read() throws Error when a file has been changed so that it no longer fits.
std::unique_ptr<ByteSource> open_layer_tar(const Store& store, const std::string& diff_id);

} // namespace storage
