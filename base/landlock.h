// Landlock (landlock(7), Linux 5.13; renaming between directories since ABI 2, Linux 5.19): a process gives up all files but
// those it names.
#pragma once

#include <span>
#include <string>
#include <vector>

struct Reach {
    std::vector<std::string> read;  ///< files, and directories with what is below; missing ones are passed over
    std::vector<std::string> write; ///< to be read, written, made and removed
    std::vector<int> read_fds{};    ///< the same by descriptor
    std::vector<int> write_fds{};   ///< to be written, by descriptor; those of no open file are passed over
    bool others = true;             ///< signals to processes outside, and abstract Unix sockets of theirs (taken away since ABI 6, Linux 6.12)
};

/// From here on this thread, and what it starts, opens nothing else by a path, and executes nothing. Descriptors that are open
/// stay usable. False where the kernel cannot do it: nothing has changed then. The caller must have no_new_privs or
/// CAP_SYS_ADMIN. Throws SysError.
bool confine_files(const Reach& reach);
