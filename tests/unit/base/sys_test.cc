#include "base/sys.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <vector>

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

/// Opens something under just these numbers. F_DUPFD_CLOEXEC takes the lowest free one from there on.
bool occupy(const std::vector<int>& fds) {
    for (const int fd : fds)
        if (!is_open(fd) && ::fcntl(0, F_DUPFD_CLOEXEC, fd) != fd) return false;
    return true;
}

/// Runs `body` in a child, because it takes descriptors away: the exit code, 0 when all of it was as expected.
int in_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) ::_exit(body());
    const int status = sys::wait_child(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// 0 when exactly `left` of the numbers 0 to 299 are open, else the first that is not as it should be, plus one.
int first_difference(const std::vector<int>& left) {
    for (int fd = 0; fd < 300; ++fd) {
        bool wanted = false;
        for (const int one : left) wanted = wanted || one == fd;
        if (is_open(fd) != wanted) return fd + 1 < 256 ? fd + 1 : 255;
    }
    return 0;
}

} // namespace

TEST_CASE("close_all_but leaves the three streams and what is listed, in any order and twice") {
    CHECK(in_child([] {
              if (!occupy({3, 4, 5, 6, 7, 100, 250, 299})) return 254;
              sys::close_all_but({250, 4, 7, 4, 0});
              return first_difference({0, 1, 2, 4, 7, 250});
          }) == 0);
}

TEST_CASE("close_all_but keeps neighbours, the first and the last") {
    CHECK(in_child([] {
              if (!occupy({3, 4, 5, 6, 299})) return 254;
              sys::close_all_but({3, 4, 299});
              return first_difference({0, 1, 2, 3, 4, 299});
          }) == 0);
}

TEST_CASE("close_all_but of nothing, and of what is not open, closes all from 3") {
    CHECK(in_child([] {
              if (!occupy({3, 50, 299})) return 254;
              sys::close_all_but({40, 2, -1});
              return first_difference({0, 1, 2});
          }) == 0);
}

TEST_CASE("cloexec_from marks from the given number on and closes nothing") {
    CHECK(in_child([] {
              for (const int fd : {10, 11, 12})
                  if (::fcntl(fd, F_GETFD) < 0 && (::fcntl(0, F_DUPFD_CLOEXEC, fd) != fd || ::fcntl(fd, F_SETFD, 0) != 0)) return 254;
              sys::cloexec_from(11);
              if (::fcntl(10, F_GETFD) != 0) return 10;
              if (::fcntl(11, F_GETFD) != FD_CLOEXEC) return 11;
              return ::fcntl(12, F_GETFD) == FD_CLOEXEC ? 0 : 12;
          }) == 0);
}

TEST_CASE("a descriptor over a socket arrives as another one for the same file, close-on-exec") {
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    Pipe pipe = sys::pipe();
    sys::send_fd(pair.theirs.get(), pipe.write.get(), "send");
    const UniqueFd copy = sys::receive_fd(pair.ours.get());
    REQUIRE(copy);
    CHECK(copy.get() != pipe.write.get());
    CHECK(::fcntl(copy.get(), F_GETFD) == FD_CLOEXEC);
    sys::write_all(copy.get(), "x", "pipe");
    char byte = 0;
    CHECK(sys::read_some(pipe.read.get(), std::as_writable_bytes(std::span(&byte, 1)), "pipe") == 1);
}

TEST_CASE("no descriptor comes where the other end sends none, or has gone") {
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    sys::write_all(pair.theirs.get(), "x", "socket");
    CHECK(!sys::receive_fd(pair.ours.get()));
    pair.theirs.reset();
    CHECK(!sys::receive_fd(pair.ours.get()));
    CHECK_THROWS_AS(sys::send_fd(pair.ours.get(), 0, "send"), SysError);
}
