// Filling a volume from the image, see copy_up in storage/volume.h.
//
// A crash in the middle leaves a volume without the `filled` marker whose content is a part; the next copy_up sees content it
// did not make and would keep that for ever, so the copy is made in a directory beside data/ and exchanged for it at the end.
#include "storage/volume.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "storage/tree_copy.h"

namespace storage {

bool copy_up(int source_dir_fd, const Volume& volume, std::optional<VolumeOwner> owner) {
    const std::string dir = volume.data.substr(0, volume.data.find_last_of('/'));
    const UniqueFd volume_dir = files::open_dir(dir);
    const FileLock lock = FileLock::acquire(volume_dir.get(), "lock", FileLock::Mode::exclusive);
    if (sys::find_stat_at(volume_dir.get(), "filled") || !files::list(volume_dir.get(), "data").empty()) return false;

    files::remove_tree(volume_dir.get(), "filling"); // of one that was killed
    sys::mkdir_at(volume_dir.get(), "filling", 0700);
    OnExit undo([&] {
        try {
            files::remove_tree(volume_dir.get(), "filling");
        } catch (const Error&) {
            return; // the next one removes it
        }
    });
    {
        const UniqueFd source = files::open_dir_at(source_dir_fd, ".");
        const UniqueFd target = files::open_dir_at(volume_dir.get(), "filling");
        TreeCopy copy{CopyRules{}};
        copy.copy_content_of(source.get(), target.get(), ".");
        copy.copy_metadata(source.get(), target.get(), ".");
        if (owner && ::fchown(target.get(), owner->uid, owner->gid) != 0) throw SysError{errno, cat("set the owner of volume ", volume.name)};
    }
    // data/ is empty, so rename replaces it; a container that has it mounted already would keep the old one, which is
    // why callers fill before they mount.
    sys::rename_at(volume_dir.get(), "filling", volume_dir.get(), "data");
    undo.disarm();
    files::write_atomic(volume_dir.get(), "filled", "", 0600, files::Durability::none);
    return true;
}

} // namespace storage
