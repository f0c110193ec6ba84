// What a container's passwd and group files lack: entries for its user, and for users of this machine that it shall know.
#pragma once

#include "lib/create_options.h"
#include "lib/user_lookup.h"

#include <string>

namespace lib {

/// Texts of files: the image's, and this machine's.
struct UserFileTexts {
    std::string passwd;
    std::string group;
};

/// What to append to the image's files; empty where nothing is missing. A user that the image does not know gets an entry
/// unless --passwd=false, and so does a group. Throws Error for a --hostuser that this machine does not know.
UserFileTexts missing_user_entries(const UserFileOptions& options, const ResolvedUser& user, const UserFileTexts& image,
                                   const UserFileTexts& machine);

} // namespace lib
