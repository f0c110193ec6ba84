// See lib/image_stores.h.
#include "lib/image_stores.h"

#include "base/error.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

namespace lib {
namespace {

void check_store(const std::string& store, const std::string& source) {
    const std::string what = cat(source, ": image store \"", store, "\"");
    if (!store.starts_with('/')) throw Error(what, ": an absolute path is needed");
    struct stat st {};
    const std::string images = store + "/images";
    if (::stat(store.c_str(), &st) != 0) {
        if (errno == ENOENT) throw Error(what, " is not there: name another one, or leave it out");
    } else if (!S_ISDIR(st.st_mode)) {
        throw Error(what, " is not a directory");
    } else if (::access(images.c_str(), R_OK | X_OK) == 0 || errno == ENOENT) {
        return;
    }
    throw Error(SysError{errno, what}.what(), "; its owner makes one for other users by --storage-opt force_mask=shared");
}

} // namespace

void check_image_stores(const std::string& stores, const std::string& source) {
    std::istringstream names(stores);
    for (std::string store; std::getline(names, store, ':');)
        if (!store.empty()) check_store(store, source);
}

} // namespace lib
