// Tar entries out of a recorded stream, by libarchive. Private to storage/.
#pragma once

#include "storage/layer_index.h"
#include "storage/stream_recorder.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct TarEntry {
    std::string path; ///< as in the tar
    EntryType type = EntryType::file; ///< never whiteout: that is a matter of names
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;
    std::uint32_t mtime_ns = 0;
    std::uint64_t size = 0; ///< of the file, holes included
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::string link_target; ///< of symbolic and hard links
    std::vector<std::pair<std::string, std::string>> xattrs;
};

struct TarBlock {
    std::span<const std::byte> bytes; ///< valid until the next call
    std::uint64_t offset = 0;         ///< in the file; what lies between blocks is holes
    std::uint64_t position = 0;       ///< in the stream
};

class TarReader {
public:
    explicit TarReader(StreamRecorder& recorder);
    ~TarReader();

    /// nullopt at the end of the archive, after the rest of the stream has been read. Throws Error on damage.
    std::optional<TarEntry> next();
    /// The next piece of the current entry's content; nullopt at its end.
    std::optional<TarBlock> next_block();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace storage
