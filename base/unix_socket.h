// Stream sockets with a name in the file system (unix(7)).
#pragma once

#include "base/unique_fd.h"

#include <string>
#include <string_view>

/// Connected to the socket at `path`. A name longer than an address has room for is reached from its directory. `what` begins
/// the message of an Error.
UniqueFd connect_unix(const std::string& path, std::string_view what);
