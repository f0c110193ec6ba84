// Below the kernel's overlay: what makes it look for a file's content elsewhere. See storage/fuse/overlay.h.
//
// For it an overlay of ours can be a layer of metadata: names, owners and sizes come from us, and two attributes say of each regular file
// that its content is in a data-only layer, and where (kernel documentation, overlayfs.rst, "Metadata only copy up", "Data-only lower
// layers"). So the kernel asks us when it sees a file for the first time, and never for content. The place is where the layer has the file.
#include "storage/fuse/overlay.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <string>

namespace storage::fuse {

/// One of those attributes, as getxattr(2) does; -ENODATA where a node has none.
ssize_t Overlay::pointer(Node& node, std::string_view name, char* value, std::size_t size) {
    const bool is_metacopy = name == "user.overlay.metacopy";
    if ((!is_metacopy && name != "user.overlay.redirect") || node.is_dir()) return -ENODATA;
    const TreeLock lock(mutex_);
    const Layer& layer = layers_[node.layer];
    if (layer.pointer.empty() || !S_ISREG(node.st.st_mode)) return -ENODATA;
    std::string path;
    for (const Node* at = &node; at->parent != nullptr; at = at->parent) path.insert(0, "/" + at->name);
    path.insert(0, layer.pointer);
    if (path.size() >= PATH_MAX) return -ENODATA; // the kernel would not find it, and reads it from us
    if (is_metacopy) return 0; // it is there, and no more
    if (size == 0) return static_cast<ssize_t>(path.size());
    if (size < path.size()) return -ERANGE;
    std::memcpy(value, path.data(), path.size());
    return static_cast<ssize_t>(path.size());
}

} // namespace storage::fuse
