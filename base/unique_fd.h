// Descriptor ownership. `UniqueFd` owns, a plain `int` borrows, a `UniqueFd` by value consumes.
// The only file of the project that calls ::close.
#pragma once

#include <unistd.h>
#include <utility>

class UniqueFd {
public:
    UniqueFd() noexcept = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives up ownership without closing.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes what is held and takes `fd`. Never retried on EINTR: Linux has freed the descriptor by then (close(2)).
    void reset(int fd = -1) noexcept {
        const int old = std::exchange(fd_, fd);
        if (old >= 0) ::close(old);
    }

private:
    int fd_ = -1;
};

/// The two ends of pipe2(2).
struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

/// The two ends of socketpair(2).
struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;
};
