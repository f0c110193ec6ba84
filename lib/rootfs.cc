// See lib/rootfs.h.
#include "lib/rootfs.h"

#include "base/error.h"
#include "base/sys.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

namespace lib {

Rootfs parse_rootfs(const std::string& text) {
    Rootfs rootfs{text, false};
    const auto colon = text.rfind(':'); // Podman takes what stands before the last one
    const std::string option = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (option == "idmap" || option.starts_with("idmap="))
        throw Error("--rootfs ", text, ": an ordinary user cannot map the ids of this machine's file systems; without :idmap the files "
                    "have the owners that the container's id map gives them");
    if (option == "O") rootfs = {text.substr(0, colon), true};
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(rootfs.path.c_str(), nullptr), &std::free);
    if (!real) throw SysError{errno, cat("--rootfs ", rootfs.path)};
    rootfs.path = real.get();
    (void)open_rootfs(rootfs.path);
    return rootfs;
}

storage::OpenLayers open_rootfs(const std::string& path) {
    storage::OpenLayers layers;
    layers.fs.push_back(sys::open(path, O_PATH | O_DIRECTORY));
    return layers;
}

} // namespace lib
