// A TAP as a link; see netstack/link.h.
#include "netstack/link.h"

#include <unistd.h>

#include <cerrno>

namespace netstack {

ssize_t TapLink::read(wire::MutableBytes into) noexcept {
    for (;;) {
        const ssize_t count = ::read(fd_, into.data(), into.size());
        if (count >= 0) return count;
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) return -1;
    }
}

bool TapLink::write(std::span<const iovec> pieces) noexcept {
    for (;;) {
        if (::writev(fd_, pieces.data(), static_cast<int>(pieces.size())) >= 0) return true;
        if (errno != EINTR) return false;
    }
}

} // namespace netstack
