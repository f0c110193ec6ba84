// The probe mount, see storage/overlay.h.
#include "storage/overlay.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
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

/// A file whose metadata and content are in two layers; read and copied up.
void try_shift() {
    for (const char* dir : {"shifted", "content", "upper2", "work2", "merged2"}) must(::mkdir(dir, 0755), "make a directory");
    const UniqueFd content = files::open_dir("content"), shifted = files::open_dir("shifted");
    write_file(content.get(), "file", "content", O_CREAT | O_EXCL);
    const UniqueFd file = sys::open_at(shifted.get(), "file", O_WRONLY | O_CREAT | O_EXCL, 0644);
    must(::fsetxattr(file.get(), "user.overlay.metacopy", "", 0, 0), "set an attribute");
    must(::fsetxattr(file.get(), "user.overlay.redirect", "/file", 5, 0), "set an attribute");
    must(::ftruncate(file.get(), 7), "set a size");
    must(::mount("overlay", "merged2", "overlay", 0, "lowerdir=shifted::content,upperdir=upper2,workdir=work2,userxattr"), "mount overlay");
    OnExit unmount([] { ::umount2("merged2", MNT_DETACH); });
    const UniqueFd merged = files::open_dir("merged2");
    if (files::read(merged.get(), "file") != "content") throw Error("a file with its content in a data-only layer reads otherwise");
    must(::fchmodat(merged.get(), "file", 0600, 0), "copy a file up");
    if (files::read(files::open_dir("upper2").get(), "file") != "content") throw Error("copy-up loses the content of a data-only layer");
}

struct Probe {
    const char* file; ///< of the remembered answer, in the runtime directory
    const char* what;
    void (*attempt)(); ///< in the current directory; throws where anything is not as it should be
};
constexpr Probe overlay_probe{"overlay-probe", "kernel overlay (userxattr)", try_overlay};
constexpr Probe shift_probe{"shift-probe", "kernel overlay with data-only layers (userxattr)", try_shift};

std::string probe_in(const std::string& dir, const Probe& probe) {
    const UniqueFd here = sys::open(".", O_PATH | O_DIRECTORY);
    must(::chdir(dir.c_str()), "enter the probe directory");
    OnExit back([&] {
        if (::fchdir(here.get()) != 0) return; // a directory that is gone: nothing to go back to
    });
    try {
        probe.attempt();
        return {};
    } catch (const Error& e) {
        return cat(probe.what, " in ", dir.substr(0, dir.find_last_of('/')), ": ", e.what());
    }
}

std::optional<OverlayProbe> find_answer(const Paths& paths, const Probe& probe) {
    const auto text = files::find(cat(paths.runtime, "/", probe.file));
    const std::string key = probe_key(paths) + "\n";
    if (!text || !text->starts_with(key)) return std::nullopt;
    const std::string reason = text->substr(key.size());
    return OverlayProbe{reason.empty(), reason};
}

OverlayProbe ask(const Paths& paths, const Probe& probe) {
    if (auto known = find_answer(paths, probe)) return *known;
    sys::ensure_dir(paths.data + "/tmp", 0700);
    sys::ensure_dir(paths.runtime, 0700);
    const std::string name = cat(probe.file, "-", sys::random_hex(8));
    const UniqueFd tmp = files::open_dir(paths.data + "/tmp");
    sys::mkdir_at(tmp.get(), name, 0700);
    const std::string reason = probe_in(cat(paths.data, "/tmp/", name), probe);
    files::remove_tree(tmp.get(), name);
    files::write_atomic(AT_FDCWD, cat(paths.runtime, "/", probe.file), probe_key(paths) + "\n" + reason, 0600, files::Durability::none);
    return {reason.empty(), reason};
}

} // namespace

std::optional<OverlayProbe> find_overlay_probe(const Paths& paths) { return find_answer(paths, overlay_probe); }
OverlayProbe probe_overlay(const Paths& paths) { return ask(paths, overlay_probe); }
std::optional<OverlayProbe> find_shift_probe(const Paths& paths) { return find_answer(paths, shift_probe); }
OverlayProbe probe_shift(const Paths& paths) { return ask(paths, shift_probe); }

} // namespace storage
