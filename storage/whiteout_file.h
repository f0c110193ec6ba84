// Whiteouts: how a layer on disk says that a file below it is not there (kernel documentation, overlayfs.rst, "whiteouts and opaque
// directories"). Two forms: a character device 0:0, which a user namespace may make since Linux 5.8; and, where the file system
// allows that to nobody (an overlay itself: ctl inside of another container), an empty file with an attribute in a directory that
// says it has such (Linux 6.7). Shared by the store and our own overlay.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace storage {

enum class WhiteoutForm : std::uint8_t { device, attribute };

/// Makes one. 0 or errno. With WhiteoutForm::attribute, mark_for_whiteouts() is still to be called for the directory it ends up in.
int make_whiteout(int dir, const char* name, WhiteoutForm& form) noexcept;

/// Says of a directory that it has whiteouts with attributes, unless it hides everything below it anyway. 0 or errno.
int mark_for_whiteouts(int dir) noexcept;

/// Whether `name`, of which `st` is known, is one, in either form.
bool is_whiteout(int dir, const char* name, const struct stat& st) noexcept;

} // namespace storage
