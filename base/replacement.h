// A file in place of another, all at once.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <string>

namespace files {

/// What is to be at `path`, written to fd() and there from commit() on. Until then a file that was there stays as it is, and
/// an end before, of whatever kind, leaves nothing. A pipe or device is written to as it is, and so is a file whose directory
/// can hold no other (read-only, or on a file system without O_TMPFILE).
class Replacement {
public:
    Replacement(const std::string& path, mode_t mode);
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement();

    int fd() const noexcept { return fd_.get(); }
    void commit();

private:
    void open_unnamed(mode_t mode);

    std::string path_;
    UniqueFd dir_; ///< of the file that is made; empty: it is written in place
    std::string name_;
    UniqueFd fd_;
    bool half_made_ = false; ///< a file written in place, of no use before it is complete
};

} // namespace files
