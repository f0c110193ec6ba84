// Giving a tree to another owner, for the mount option U.
#pragma once

#include <string>

namespace storage {

/// Makes `uid` and `gid` the owner of what is behind `fd` (O_PATH is enough) and of everything below it on the same file
/// system. No symbolic link is followed; nothing is done where the top belongs to them already, and the top comes last, so
/// that a call that was interrupted is repeated. `name` is for errors. Must be called inside the user namespace. Throws
/// Error naming a file that is not the caller's to give.
void chown_tree(int fd, const std::string& name, unsigned uid, unsigned gid);

} // namespace storage
