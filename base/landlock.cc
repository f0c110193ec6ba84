// See base/landlock.h.
#include "base/landlock.h"

#include "base/error.h"
#include "base/sys.h"
#include "base/unique_fd.h"

#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

namespace {

// Newer than Debian 12's headers.
constexpr std::uint64_t fs_refer = 1ULL << 13;    // ABI 2
constexpr std::uint64_t fs_truncate = 1ULL << 14; // ABI 3
constexpr int abi_with_refer = 2;
constexpr int abi_with_truncate = 3;
constexpr int abi_with_scopes = 6;
constexpr std::uint64_t scope_all = 1ULL << 0 | 1ULL << 1; // abstract Unix sockets, signals

/// Of ABI 6; an older kernel takes it as long as what it does not know is zero.
struct RulesetAttributes {
    std::uint64_t files;
    std::uint64_t network = 0;
    std::uint64_t scoped = 0;
};

constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t executing = LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | fs_truncate; ///< all that a rule for a file may name

/// A rule is about an inode, and proc makes a new one for the next look once the kernel has dropped the name from its cache, as it
/// does when memory is short: then the rule would be about nothing. An open descriptor keeps the name.
void stay_open(UniqueFd fd) {
    static std::vector<UniqueFd> kept;
    kept.push_back(std::move(fd));
}

class Ruleset {
public:
    Ruleset(std::uint64_t rights, std::uint64_t scoped) : rights_(rights) {
        const RulesetAttributes attributes{.files = rights, .scoped = scoped};
        fd_.reset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
        if (!fd_) throw SysError{errno, "make a Landlock ruleset"};
    }

    void allow(int fd, std::uint64_t rights) {
        struct stat status {};
        if (::fstat(fd, &status) != 0) return;
        if (!S_ISDIR(status.st_mode)) rights &= of_files;
        const struct landlock_path_beneath_attr rule {.allowed_access = rights & rights_, .parent_fd = fd};
        if (::syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0 && errno != EBADFD) // a pipe has no path
            throw SysError{errno, "add a Landlock rule"};
    }

    void allow(const std::string& path, std::uint64_t rights) {
        UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
        if (!fd) return;
        allow(fd.get(), rights);
        if (path.starts_with("/proc/")) stay_open(std::move(fd));
    }

    void restrict_self() {
        if (::syscall(SYS_landlock_restrict_self, fd_.get(), 0) != 0) throw SysError{errno, "enter a Landlock ruleset"};
    }

private:
    std::uint64_t rights_; ///< that are taken away where no rule gives them
    UniqueFd fd_;
};

} // namespace

bool confine_files(const Reach& reach) {
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < abi_with_refer) return false;
    const std::uint64_t all = fs_refer | (fs_refer - 1) | (abi >= abi_with_truncate ? fs_truncate : 0);
    Ruleset rules(all, !reach.others && abi >= abi_with_scopes ? scope_all : 0);
    for (const std::string& path : reach.read) rules.allow(path, reading);
    for (const std::string& path : reach.write) rules.allow(path, all & ~executing);
    for (const int fd : reach.read_fds) rules.allow(fd, reading);
    for (const int fd : reach.write_fds) rules.allow(fd, all & ~executing);
    rules.restrict_self();
    return true;
}
