// A file in place of another, all at once.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <string>

namespace files {

/// What is to be at `path`, written to fd() and there from commit() on, on the disk too. Until then a file that was there stays as it
/// is. An end before leaves nothing; on a file system without O_TMPFILE whoever is killed leaves a file .NAME.HEX. A pipe or
/// device is written to as it is, and so is a file in a directory where we may make no other.
class Replacement {
public:
    Replacement(const std::string& path, mode_t mode);
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement();

    int fd() const noexcept { return fd_.get(); }
    void commit();

private:
    void open_beside(mode_t mode);

    std::string path_;
    UniqueFd dir_; ///< of the file that is made; empty: it is written in place
    std::string name_;
    std::string temporary_; ///< its name so far; empty: it has none yet
    UniqueFd fd_;
    bool half_made_ = false; ///< a file written in place, of no use before it is complete
};

} // namespace files
