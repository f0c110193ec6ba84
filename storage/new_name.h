// Making something new under a name of a directory that others may be changing. Private to storage/ and lib/worker.
#pragma once

#include <string>

namespace storage {

/// Where there is nothing the thing is made under its name; where there is something of the same kind it is made beside and
/// renamed over it, so that nobody sees a half of it and nothing that stands there is followed or written through.
class NewName {
public:
    enum class Kind { directory, other };
    enum class Overwrite { same_kind, any }; ///< a directory never takes another thing's place unless `any`

    /// `path` is for errors. Throws Error where something of the other kind may not be replaced. A directory that stands
    /// there stays: then exists() is true.
    NewName(int dir, std::string name, std::string path, Kind kind, Overwrite overwrite);
    NewName(const NewName&) = delete;
    NewName& operator=(const NewName&) = delete;
    /// Removes what was made unless settled.
    ~NewName();

    bool exists() const noexcept { return exists_; }
    /// The name to make it under, exclusively.
    const std::string& used() const noexcept { return used_; }
    /// It is complete. A file that something is mounted on cannot be replaced; it gets the bytes of `content`, a regular
    /// file, instead (-1: Error).
    void settle(int content);

private:
    int dir_;
    std::string name_;
    std::string path_;
    std::string used_;
    bool exists_ = false;
    bool settled_ = false;
    bool is_mounted_ = false; ///< what stands there is a mount
};

} // namespace storage
