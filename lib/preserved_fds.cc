// `--preserve-fds`, see lib/preserved_fds.h.
#include "lib/preserved_fds.h"

#include "base/error.h"

#include <fcntl.h>

namespace lib {

void check_preserved(const std::vector<int>& fds) {
    for (const int fd : fds) {
        if (fd < 3) throw Error("--preserve-fd ", fd, ": descriptors from 3 on can be kept, the first three are the container's streams");
        const int flags = ::fcntl(fd, F_GETFD);
        if (flags < 0 || (flags & FD_CLOEXEC) != 0) throw Error("--preserve-fd ", fd, ": you have no open descriptor of that number");
    }
}

} // namespace lib
