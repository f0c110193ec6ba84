// See lib/state_watch.h.
#include "lib/state_watch.h"

#include "base/error.h"

#include <sys/inotify.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace lib {

StateWatch::StateWatch(const ContainerDir& dir) : watch_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (watch_) (void)::inotify_add_watch(watch_.get(), dir.path().c_str(), IN_MOVED_TO | IN_MOVE_SELF); // without it: the time
}

void StateWatch::wait(std::chrono::milliseconds longest, int also) const {
    std::array<pollfd, 2> fds{{{watch_.get(), POLLIN, 0}, {also, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), static_cast<int>(longest.count())) < 0 && errno != EINTR)
        throw SysError{errno, "wait for a container"};
    std::array<char, 4096> changes; // only that they came counts
    while (watch_ && ::read(watch_.get(), changes.data(), changes.size()) > 0) {}
}

} // namespace lib
