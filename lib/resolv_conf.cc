// See lib/resolv_conf.h.
#include "lib/resolv_conf.h"

#include "base/error.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace lib {
namespace {

constexpr std::chrono::seconds patience{2}; ///< between looks at what cannot be watched
constexpr std::chrono::milliseconds window{250};
constexpr int most_looks = 24;              ///< in a window: more than a few changes of the file need
constexpr int most_links = 40;              ///< as the kernel's own limit
constexpr unsigned of_directory = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr unsigned of_file = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

std::string take_component(std::string& rest) {
    rest.erase(0, rest.find_first_not_of('/'));
    const std::string first = rest.substr(0, rest.find('/'));
    rest.erase(0, first.size());
    return first;
}

} // namespace

ResolvConf::ResolvConf(std::string path) : path_(std::move(path)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    int error = loop_.open();
    if (error == 0 && inotify_) error = loop_.watch(inotify_.get(), EPOLLIN, 0);
    if (error == 0) error = loop_.watch(timer_.fd(), EPOLLIN, 0);
    if (error == 0) error = loop_.watch(rest_.fd(), EPOLLIN, 0);
    if (error != 0) throw SysError{error, "watch " + path_};
    watch_way();
    read();
}

bool ResolvConf::look() {
    if (rest_.take()) wake();
    rest_if_busy();
    if (!take_events()) return false;
    watch_way(); // before reading: what changes meanwhile is told
    const std::string before = bytes_;
    read();
    return bytes_ != before;
}

void ResolvConf::rest_if_busy() noexcept {
    const std::int64_t now = netstack::now_ms();
    if (now - window_began_ >= window.count()) {
        window_began_ = now;
        looks_ = 0;
    }
    if (++looks_ == most_looks && inotify_ && rest_.try_set(window)) loop_.forget(inotify_.get());
}

void ResolvConf::wake() noexcept {
    looks_ = 0;
    window_began_ = netstack::now_ms();
    if (inotify_ && loop_.watch(inotify_.get(), EPOLLIN, 0) != 0) (void)rest_.try_set(window); // no memory: later
}

/// Whether one of them matters.
bool ResolvConf::take_events() {
    bool matters = timer_.take();
    alignas(inotify_event) std::array<char, 8192> buffer; // a hundred of them, and the longest name at least
    for (ssize_t size; inotify_ && (size = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* const name = event.len > 0 ? buffer.data() + at + sizeof event : "";
            at += sizeof event + event.len;
            matters = matters || (event.mask & IN_Q_OVERFLOW) != 0 || std::ranges::any_of(watched_, [&](const auto& watched) {
                return watched.first == event.wd && (watched.second.empty() || *name == '\0' || watched.second == name);
            });
        }
    }
    return matters;
}

/// From the root on, as the kernel goes; each directory is watched before the next step is looked at.
void ResolvConf::watch_way() {
    for (const auto& [descriptor, name] : watched_) ::inotify_rm_watch(inotify_.get(), descriptor);
    watched_.clear();
    complete_ = static_cast<bool>(inotify_);
    std::string directory = "/", rest = path_;
    for (int links = 0; links <= most_links;) {
        const std::string name = take_component(rest);
        if (name.empty()) break; // it is a directory
        watch(directory, of_directory, name);
        const std::string here = directory + name;
        std::array<char, PATH_MAX> target;
        const ssize_t size = ::readlink(here.c_str(), target.data(), target.size());
        if (size > 0) {
            ++links;
            if (target[0] == '/') directory = "/";
            rest = std::string(target.data(), static_cast<std::size_t>(size)) + rest;
            continue;
        }
        if (rest.find_first_not_of('/') == std::string::npos) {
            if (::access(here.c_str(), F_OK) == 0) watch(here, of_file, "");
            break;
        }
        if (::access(here.c_str(), F_OK) != 0) break; // once it is there, that is told
        directory = here + "/";
    }
    if (!complete_) (void)timer_.try_set(patience);
}

void ResolvConf::watch(const std::string& path, unsigned events, const std::string& name) {
    const int descriptor = inotify_ ? ::inotify_add_watch(inotify_.get(), path.c_str(), events) : -1;
    if (descriptor >= 0) watched_.emplace_back(descriptor, name);
    else if (errno != ENOENT && errno != ENOTDIR) complete_ = false;
}

void ResolvConf::read() {
    std::array<char, most_bytes> text;
    const UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
    if (size > 0) bytes_.assign(text.data(), static_cast<std::size_t>(size));
}

} // namespace lib
