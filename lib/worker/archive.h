// An image archive as a set of named files that are read where they lie: a tar file or a directory.
//
// Nothing of an archive is ever unpacked to a path: members are looked up by name in a table made from the tar's headers,
// and symbolic links among them are followed in that table only. A directory is read by openat2(2) without following any
// symbolic link (security.md B21).
#pragma once

#include "base/unique_fd.h"
#include "storage/byte_source.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace lib::worker {

enum class Links { refused, followed };

/// A file of the archive: `size` bytes of `fd` from `offset` on. Any number may be read at a time.
struct Member {
    int fd = -1; ///< borrowed, or that of `owned`
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::shared_ptr<UniqueFd> owned{};

    /// The whole content; Error above `limit` bytes or when it is shorter than said. `name` is for errors.
    std::string read(const std::string& name, std::size_t limit) const;
};

/// Reads one member from begin to end.
class MemberSource : public storage::ByteSource {
public:
    MemberSource(Member member, std::string name) : member_(std::move(member)), name_(std::move(name)) {}
    std::size_t read(std::span<std::byte> into) override;

private:
    Member member_;
    std::string name_;
    std::uint64_t position_ = 0;
};

/// What comes from a descriptor.
class FdSource : public storage::ByteSource {
public:
    explicit FdSource(int fd) : fd_(fd) {}
    std::size_t read(std::span<std::byte> into) override;

private:
    int fd_;
};

class Archive {
public:
    virtual ~Archive() = default;

    /// nullopt when there is no such name. Throws Error when it is something else than a regular file (`links`: or a link
    /// that leads to one inside the archive).
    virtual std::optional<Member> find(const std::string& name, Links links) const = 0;

    /// As find; a missing one is an Error.
    Member get(const std::string& name, Links links) const;
    bool has(const std::string& name) const { return find(name, Links::refused).has_value(); }
};

/// The directory of an OCI layout.
class DirectoryArchive : public Archive {
public:
    explicit DirectoryArchive(UniqueFd dir) : dir_(std::move(dir)) {}
    std::optional<Member> find(const std::string& name, Links links) const override;

private:
    UniqueFd dir_;
};

/// A tar file in the ustar, pax or GNU format.
class TarArchive : public Archive {
public:
    /// Reads all headers. `fd` is a regular file of plain tar. Throws Error on damage and on names that leave the archive.
    explicit TarArchive(UniqueFd fd);
    std::optional<Member> find(const std::string& name, Links links) const override;

    struct Entry {
        char type = '0'; ///< ustar's typeflag
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
        std::string link; ///< target, for '1' and '2'
    };

private:
    UniqueFd fd_;
    std::map<std::string, Entry> entries_;
};

/// The archive behind a descriptor: a directory, a plain tar file as it is, or anything else (a pipe, gzip, zstd)
/// decompressed into an unnamed temporary file in `spool_dir` first.
std::unique_ptr<Archive> open_archive(UniqueFd fd, const std::string& spool_dir);

} // namespace lib::worker
