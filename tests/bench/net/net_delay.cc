// A long wire for tests/bench/net/run: a TAP here and one in another network namespace. What goes into one comes out of the other so many
// milliseconds later, in order; nothing is lost as long as a quarter of a GB holds what is under way. netem is not in every kernel.
//
//   net_delay NAME MILLISECONDS PID    until it is killed; PID is of a process in the other namespace, both TAPs are called NAME
#include "base/error.h"
#include "base/sys.h"
#include "base/unique_fd.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t largest_frame = (64 << 10) + 512;
constexpr std::size_t most_bytes = 256 << 20;
constexpr int batch = 64;

/// Frames as the kernels have them, uncut and without checksums: the wire is not what is measured.
UniqueFd make_tap(const std::string& name) {
    UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd) throw SysError{errno, "open /dev/net/tun"};
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) throw SysError{errno, "make the TAP " + name};
    if (::ioctl(fd.get(), TUNSETOFFLOAD, static_cast<unsigned long>(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) != 0) throw SysError{errno, "set its offloads"};
    return fd;
}

class Direction {
public:
    Direction(int from, int to, Clock::duration delay) : from_(from), to_(to), delay_(delay) {}

    void take() {
        for (int i = 0; i < batch; ++i) {
            const ssize_t size = ::read(from_, buffer_.data(), buffer_.size());
            if (size <= 0) return;
            if (bytes_ + static_cast<std::size_t>(size) > most_bytes) continue;
            bytes_ += static_cast<std::size_t>(size);
            under_way_.emplace_back(Clock::now() + delay_, std::vector<char>(buffer_.begin(), buffer_.begin() + size));
        }
    }
    void give(Clock::time_point now) {
        while (!under_way_.empty() && under_way_.front().first <= now) {
            const std::vector<char>& frame = under_way_.front().second;
            (void)!::write(to_, frame.data(), frame.size());
            bytes_ -= frame.size();
            under_way_.pop_front();
        }
    }
    /// When there is something to give; far away where there is nothing.
    Clock::time_point next() const { return under_way_.empty() ? Clock::now() + std::chrono::seconds(1) : under_way_.front().first; }

private:
    int from_, to_;
    Clock::duration delay_;
    std::deque<std::pair<Clock::time_point, std::vector<char>>> under_way_;
    std::size_t bytes_ = 0;
    std::array<char, largest_frame> buffer_{};
};

[[noreturn]] void carry(const UniqueFd& here, const UniqueFd& there, std::chrono::milliseconds delay) {
    Direction away(here.get(), there.get(), delay), back(there.get(), here.get(), delay);
    for (;;) {
        const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(std::min(away.next(), back.next()) - Clock::now()).count();
        const timespec time{.tv_sec = wait > 0 ? wait / 1'000'000'000 : 0, .tv_nsec = wait > 0 ? wait % 1'000'000'000 : 0};
        std::array<pollfd, 2> ready{{{here.get(), POLLIN, 0}, {there.get(), POLLIN, 0}}};
        ::ppoll(ready.data(), ready.size(), &time, nullptr);
        if (ready[0].revents != 0) away.take();
        if (ready[1].revents != 0) back.take();
        away.give(Clock::now());
        back.give(Clock::now());
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    try {
        if (words.size() != 3) {
            std::fprintf(stderr, "usage: net_delay NAME MILLISECONDS PID\n");
            return 2;
        }
        const UniqueFd here = make_tap(words[0]);
        const UniqueFd other = sys::open("/proc/" + words[2] + "/ns/net", O_RDONLY);
        if (::setns(other.get(), CLONE_NEWNET) != 0) throw SysError{errno, "enter the other namespace"};
        const UniqueFd there = make_tap(words[0]);
        carry(here, there, std::chrono::milliseconds(std::stol(words[1])));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "net_delay: %s\n", e.what());
        return 1;
    }
}
