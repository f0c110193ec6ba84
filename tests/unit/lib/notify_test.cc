#include "lib/notify.h"

#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/socket.h>
#include <sys/un.h>

namespace {

/// systemd's end: a datagram socket with a path or an abstract name.
UniqueFd listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path.front() == '@') address.sun_path[0] = '\0';
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    return fd;
}

std::string received(const UniqueFd& fd) {
    char text[256];
    const ssize_t n = ::recv(fd.get(), text, sizeof text, 0);
    return n < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(n));
}

} // namespace

TEST_CASE("a notification reaches a socket with a path and an abstract one") {
    const TempDir dir;
    const UniqueFd path = listen_at(dir.path + "/s"), abstract = listen_at("@ctl-notify-test" + dir.path);
    lib::send_notification(dir.path + "/s", "READY=1");
    lib::send_notification("@ctl-notify-test" + dir.path, "READY=1");
    CHECK(received(path) == "READY=1");
    CHECK(received(abstract) == "READY=1");
    lib::send_notification(dir.path + "/gone", "READY=1"); // nobody is there: no error
    lib::send_notification("", "READY=1");
}

TEST_CASE("the proxy passes on what says something of the service, and nothing else") {
    const TempDir dir;
    const UniqueFd upstream = listen_at(dir.path + "/up");
    lib::NotifyProxy proxy(dir.path + "/notify", dir.path + "/up");
    REQUIRE(proxy);
    const std::string inside = dir.path + "/notify/notify.sock";
    lib::send_notification(inside, "MAINPID=1\nREADY=1\nSTATUS=up and running\nFDSTORE=1");
    lib::send_notification(inside, "MAINPID=1");
    proxy.relay();
    CHECK(received(upstream) == "READY=1\nSTATUS=up and running\n");
    CHECK(received(upstream) == "nothing");
}

TEST_CASE("a socket of an earlier run does not stand in the way") {
    const TempDir dir;
    { const lib::NotifyProxy first(dir.path + "/notify", "/up"); }
    const lib::NotifyProxy second(dir.path + "/notify", "/up");
    CHECK(second);
    CHECK_FALSE(lib::NotifyProxy());
}
