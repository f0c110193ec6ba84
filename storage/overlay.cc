// The probe mount, see storage/overlay.h.
#include "storage/overlay.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace storage {
namespace {

/// First line of the remembered answer: what it holds for.
std::string probe_key(const Paths& paths) {
    struct utsname name {};
    ::uname(&name);
    return cat(paths.boot_id, " ", name.release, " ", paths.data);
}

std::string cache_file(const Paths& paths) { return paths.runtime + "/overlay-probe"; }

void must(int result, const char* what) {
    if (result != 0) throw SysError{errno, what};
}

void write_file(int dir_fd, const std::string& name, std::string_view text, int flags) {
    sys::write_all(sys::open_at(dir_fd, name, O_WRONLY | flags, 0644).get(), text, name);
}

/// Mounts and uses an overlay in the current directory. Throws where anything is not as it should be.
void try_overlay() {
    for (const char* dir : {"lower", "upper", "work", "merged"}) must(::mkdir(dir, 0755), "make a directory");
    const UniqueFd lower = files::open_dir("lower");
    write_file(lower.get(), "changed", "lower", O_CREAT | O_EXCL);
    write_file(lower.get(), "removed", "lower", O_CREAT | O_EXCL);
    // Relative names: the store's path may contain what mount options cannot (comma, colon).
    must(::mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr"), "mount overlay");
    OnExit unmount([] { ::umount2("merged", MNT_DETACH); });
    const UniqueFd merged = files::open_dir("merged");
    if (files::read(merged.get(), "changed") != "lower") throw Error("a file read through it is not the lower one");
    write_file(merged.get(), "changed", "upper", O_TRUNC);
    sys::unlink_at(merged.get(), "removed");
    const UniqueFd upper = files::open_dir("upper");
    if (files::find(upper.get(), "changed") != "upper") throw Error("copy-up does not reach the upper directory");
    const auto whiteout = sys::find_stat_at(upper.get(), "removed");
    if (!whiteout || !S_ISCHR(whiteout->st_mode)) throw Error("removing does not make a whiteout");
}

std::string probe_in(const std::string& dir) {
    const UniqueFd here = sys::open(".", O_PATH | O_DIRECTORY);
    must(::chdir(dir.c_str()), "enter the probe directory");
    OnExit back([&] {
        if (::fchdir(here.get()) != 0) return; // a directory that is gone: nothing to go back to
    });
    try {
        try_overlay();
        return {};
    } catch (const Error& e) {
        return cat("kernel overlay (userxattr) in ", dir.substr(0, dir.find_last_of('/')), ": ", e.what());
    }
}

} // namespace

std::optional<OverlayProbe> find_overlay_probe(const Paths& paths) {
    const auto text = files::find(cache_file(paths));
    const std::string key = probe_key(paths) + "\n";
    if (!text || !text->starts_with(key)) return std::nullopt;
    const std::string reason = text->substr(key.size());
    return OverlayProbe{reason.empty(), reason};
}

OverlayProbe probe_overlay(const Paths& paths) {
    if (auto known = find_overlay_probe(paths)) return *known;
    sys::ensure_dir(paths.data + "/tmp", 0700);
    sys::ensure_dir(paths.runtime, 0700);
    const std::string name = "overlay-probe-" + sys::random_hex(8);
    const UniqueFd tmp = files::open_dir(paths.data + "/tmp");
    sys::mkdir_at(tmp.get(), name, 0700);
    const std::string reason = probe_in(cat(paths.data, "/tmp/", name));
    files::remove_tree(tmp.get(), name);
    files::write_atomic(AT_FDCWD, cache_file(paths), probe_key(paths) + "\n" + reason, 0600, files::Durability::none);
    return {reason.empty(), reason};
}

} // namespace storage
