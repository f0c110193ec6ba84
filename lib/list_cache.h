// What `ps` saw last time of containers that do not run, so that a thousand of them cost a thousand stat(2) and no parsing.
//
// A file in the runtime directory, written by whoever lists many containers that it does not know yet, and only where that
// directory is there and can be written: a cache that is missing, foreign, old or torn costs time and nothing else. Every
// record of a container is replaced by rename(2), which changes the ctime of the container's directory, so an entry is good as
// long as inode and ctime of the directory are the same. Clocks of file systems advance in steps (a tick before Linux 6.13): a
// directory that was changed just now may change again without a trace and is left out.
#pragma once

#include "lib/containers.h"
#include "lib/engine.h"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lib {

/// Of a container's directory, taken before its records are read.
struct DirStamp {
    std::uint64_t inode = 0;
    std::int64_t ctime_ns = 0;
    bool operator==(const DirStamp&) const = default;
};
DirStamp dir_stamp(const struct stat& status);

class ListCache {
public:
    /// Reads the file; never throws for what is in it.
    explicit ListCache(const Engine& engine);

    /// What is known of the container, if its directory is as it was.
    std::optional<ContainerSummary> find(const std::string& id, const DirStamp& stamp);
    /// To be known next time, unless the directory changed just now. For containers at rest only: what runs is
    /// looked at anew each time.
    void remember(const ContainerSummary& summary, const DirStamp& stamp, std::int64_t now_ns);
    /// Writes the file when that is worth it: enough was remembered.
    void save() const noexcept;

private:
    struct Entry {
        DirStamp stamp;
        std::string_view packed;  ///< into text_
        bool is_current = false;  ///< it was asked for, and right
    };
    std::string path_;
    std::string head_; ///< what the file must begin with
    std::string text_;
    std::unordered_map<std::string_view, Entry> known_;
    std::string new_; ///< further entries
    std::size_t remembered_ = 0;
};

} // namespace lib
