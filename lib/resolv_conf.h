// This machine's resolv.conf(5) and its changes, for those who cannot open it: the net process has no files.
#pragma once

#include "base/timer.h"
#include "base/unique_fd.h"
#include "netstack/loop.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lib {

/// Watched by inotify(7): the file itself, and every directory and link on the way to it from the root, so it does not matter what is
/// replaced. Where that cannot be had (fs.inotify.max_user_instances) it is looked at every two seconds.
///
/// inotify tells of everything in those directories. Where that is much (a program makes and removes a file in /etc all the time),
/// nothing is looked at for a quarter of a second: what happens meanwhile waits in the kernel.
class ResolvConf {
public:
    static constexpr std::size_t most_bytes = 8192; ///< the rest is left out

    explicit ResolvConf(std::string path = "/etc/resolv.conf");
    ResolvConf(const ResolvConf&) = delete;
    ResolvConf& operator=(const ResolvConf&) = delete;

    /// To be watched: readable when look() may have news.
    int fd() const noexcept { return loop_.fd(); }
    /// Reads it again if there was a change: whether it says something else now. In the moment of a change there may be nothing: what
    /// was known stays.
    [[nodiscard]] bool look();
    const std::string& bytes() const noexcept { return bytes_; }

private:
    bool take_events();
    void rest_if_busy() noexcept;
    void wake() noexcept;
    void watch_way();
    void watch(const std::string& path, unsigned events, const std::string& name);
    void read();

    const std::string path_;
    std::string bytes_;
    UniqueFd inotify_;
    Timer timer_;
    Timer rest_;        ///< its end is the end of not looking
    std::int64_t window_began_ = 0;
    int looks_ = 0;     ///< since then
    netstack::EventLoop loop_;
    bool complete_ = false; ///< all that it depends on is watched
    std::vector<std::pair<int, std::string>> watched_; ///< which entry of a directory matters; empty: all that is told
};

} // namespace lib
