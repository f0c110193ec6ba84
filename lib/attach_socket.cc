// The monitor's listening socket; see lib/attach_socket.h.
#include "lib/attach_socket.h"

#include "base/sys.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace lib {
namespace {

constexpr int waiting_clients = 16;

std::string attach_dir(const std::string& runtime_dir) { return runtime_dir + "/attach"; }

sockaddr_un address_below(int dir, const std::string& id) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = cat("/proc/self/fd/", dir, "/", id);
    if (path.size() >= sizeof address.sun_path) throw Error("the container id ", id, " is too long");
    path.copy(address.sun_path, path.size());
    return address;
}

UniqueFd make_socket() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) throw SysError{errno, "make the attach socket"};
    return fd;
}

} // namespace

UniqueFd open_attach_socket(const std::string& runtime_dir, const std::string& container_id) {
    sys::ensure_dir(attach_dir(runtime_dir), 0700);
    const UniqueFd dir = sys::open(attach_dir(runtime_dir), O_PATH | O_DIRECTORY);
    const struct stat st = sys::fstat(dir.get(), attach_dir(runtime_dir)); // --tmpdir and --runroot may lie where others write
    if (st.st_uid != ::geteuid() || (st.st_mode & 0022) != 0)
        throw Error(attach_dir(runtime_dir), " belongs to another user, or others can write there: choose another --tmpdir or --runroot");
    const sockaddr_un address = address_below(dir.get(), container_id);
    UniqueFd listener = make_socket();
    const auto* place = reinterpret_cast<const sockaddr*>(&address);
    int result = ::bind(listener.get(), place, sizeof address);
    if (result != 0 && errno == EADDRINUSE) { // whoever holds the monitor's lock owns the name
        sys::unlink_at(dir.get(), container_id);
        result = ::bind(listener.get(), place, sizeof address);
    }
    if (result != 0 || ::listen(listener.get(), waiting_clients) != 0)
        throw SysError{errno, cat("make the attach socket in ", attach_dir(runtime_dir))};
    return listener;
}

void remove_attach_socket(const std::string& runtime_dir, const std::string& container_id) noexcept {
    ::unlink((attach_dir(runtime_dir) + "/" + container_id).c_str());
}

UniqueFd connect_to_monitor(const std::string& runtime_dir, const std::string& container_id, const std::string& container_name) {
    const auto dir = sys::try_open(attach_dir(runtime_dir), O_PATH | O_DIRECTORY);
    if (!dir)
        throw Error("cannot attach to ", container_name, ": ", attach_dir(runtime_dir), " is gone, and the attach sockets with it; ",
                    "the container goes on (ctl logs, exec, stop work), attaching works again after a restart");
    const sockaddr_un address = address_below(dir->get(), container_id);
    UniqueFd client = make_socket();
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return client;
    if (errno == ECONNREFUSED) throw Error("cannot attach to ", container_name, ": its monitor is gone; restart the container to have a new one");
    if (errno == ENOENT)
        throw Error("cannot attach to ", container_name, ": its attach socket in ", attach_dir(runtime_dir), " is gone; the container ",
                    "goes on (ctl logs, exec, stop work), attaching works again after a restart");
    throw SysError{errno, cat("attach to ", container_name)};
}

} // namespace lib
