// A tree as a tar archive: what `export` and `cp CONTAINER:PATH -` write and what `commit` makes a layer of.
#pragma once

#include "storage/byte_source.h"
#include "storage/tar_writer.h"
#include "storage/tree_walk.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct TreeTarOptions {
    TreeKind kind = TreeKind::plain;
    std::string name;            ///< of the root in the archive; "": its content is at the archive's top, without an entry for it
    std::vector<std::string> mount_points; ///< left out where they are empty: an engine made them to mount on
    std::function<std::uint32_t(std::uint32_t)> uid; ///< what to write for an owner on disk; empty: that
    std::function<std::uint32_t(std::uint32_t)> gid;
    bool tolerant = false;       ///< files that may not be read are left out
};

/// Whiteouts become `.wh.NAME` and `.wh..wh..opq` (OCI image specification, layer.md). Sockets are left out; a file that
/// shrinks while it is read is filled up with zeros, one that grows is cut. Files with a megabyte or more of holes are
/// stored sparse.
class TreeTar : public ByteSource {
public:
    /// `root`: O_PATH, a directory or a file. Files of subordinate ids: inside the user namespace.
    TreeTar(UniqueFd root, TreeTarOptions options);

    std::size_t read(std::span<std::byte> into) override;

private:
    void refill();
    void add(const TreeItem& item);
    void add_file(const TreeItem& item, TarEntry entry);
    void add_marker(const std::string& path);
    bool is_left_out(const TreeItem& item) const;
    std::string name_of(const std::string& path) const;
    std::size_t read_content(std::span<std::byte> into);

    TreeTarOptions options_;
    TreeWalk walk_;
    std::string pending_;      ///< headers and padding
    std::size_t taken_ = 0;    ///< of pending_
    UniqueFd file_;
    std::string file_name_;
    std::vector<TarExtent> extents_; ///< of file_, the next one last
    std::size_t padding_ = 0;  ///< after file_
    bool ended_ = false;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
};

} // namespace storage
