// See base/unix_socket.h.
#include "base/unix_socket.h"

#include "base/error.h"
#include "base/files.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

UniqueFd connect_unix(const std::string& path, std::string_view what) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    UniqueFd dir;
    std::string name = path;
    if (const auto slash = path.rfind('/'); name.size() >= sizeof address.sun_path && slash != path.npos) {
        dir = files::open_dir(path.substr(0, slash + 1));
        name = cat("/proc/self/fd/", dir.get(), path.substr(slash));
    }
    if (name.size() >= sizeof address.sun_path) throw Error(what, " ", path, ": the name is too long for a socket");
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw SysError{errno, cat(what, " ", path)};
    return socket;
}
