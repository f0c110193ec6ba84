// Tar entries out of a stream, by libarchive.
#pragma once

#include "storage/tar_entry.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct TarBlock {
    std::span<const std::byte> bytes; ///< valid until the next call
    std::uint64_t offset = 0;         ///< in the file; what lies between blocks is holes
    std::uint64_t position = 0;       ///< in the stream
};

/// Where a reader gets the archive's bytes from.
class TarInput {
public:
    virtual ~TarInput() = default;
    /// The next bytes, valid until the next call; empty at the end.
    virtual std::span<const std::byte> pull() = 0;
    virtual std::uint64_t pulled() const noexcept = 0;
    /// Everything before `position` of the stream is no content of a file.
    virtual void keep_until(std::uint64_t position) = 0;
};

class TarReader {
public:
    /// `what` names the archive in errors. Both must outlive this.
    explicit TarReader(TarInput& input, std::string what = "the layer");
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
