// See storage/tree_size.h.
#include "storage/tree_size.h"

#include "base/files.h"
#include "base/sys.h"

#include <sys/stat.h>
#include <fcntl.h>

#include <set>
#include <utility>

namespace storage {
namespace {

class Measure {
public:
    explicit Measure(dev_t device) : device_(device) {}

    void add(int dir_fd, const std::string& name) {
        const auto st = sys::find_stat_at(dir_fd, name);
        if (!st || st->st_dev != device_) return;
        if (st->st_nlink > 1 && !S_ISDIR(st->st_mode) && !seen_.insert(st->st_ino).second) return;
        bytes_ += static_cast<std::uint64_t>(st->st_blocks) * 512; // stat(2): whatever the block size
        if (!S_ISDIR(st->st_mode)) return;
        const auto dir = sys::try_open_at(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!dir) return;
        for (const std::string& entry : files::list(dir->get(), ".")) add(dir->get(), entry);
    }

    std::uint64_t bytes() const { return bytes_; }

private:
    dev_t device_;
    std::set<ino_t> seen_; ///< of hard links
    std::uint64_t bytes_ = 0;
};

} // namespace

std::uint64_t tree_size(const std::string& path) {
    const auto root = sys::find_stat_at(AT_FDCWD, path);
    if (!root) return 0;
    Measure measure(root->st_dev);
    measure.add(AT_FDCWD, path);
    return measure.bytes();
}

} // namespace storage
