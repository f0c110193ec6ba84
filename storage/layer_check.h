// Whether a layer on disk is still what its index says: the deep part of `ctl system check`.
#pragma once

#include <string>
#include <vector>

namespace storage {

/// Whether files are read, or known to be right.
enum class Contents { read, passed_over };

/// What differs, a few words each ("etc/passwd: other content"), the first few of them and then how many more there are; empty
/// where nothing does. Times are not compared, nor owners where the layer does not have them
/// (single-id mode). Called inside the store's user namespace. `layer_dir`: layers/<hex>. Throws SysError where the disk cannot
/// be read.
std::vector<std::string> check_layer(const std::string& layer_dir, Contents contents);

} // namespace storage
