// Where a monitor waits for attach clients: <runtime directory>/attach/<container id>.
//
// A runtime directory's path may be longer than a socket address takes, so the address is /proc/self/fd/N/ID.
#pragma once

#include "base/unique_fd.h"

#include <string>

namespace lib {

/// Makes the socket, in place of one that a dead monitor left. Throws SysError.
UniqueFd open_attach_socket(const std::string& runtime_dir, const std::string& container_id);
void remove_attach_socket(const std::string& runtime_dir, const std::string& container_id) noexcept;

/// A connection to the monitor. Throws Error that says what is gone.
UniqueFd connect_to_monitor(const std::string& runtime_dir, const std::string& container_id, const std::string& container_name);

} // namespace lib
