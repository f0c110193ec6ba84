// From FUSE's requests to the overlay and back. Nothing is decided here. See storage/fuse/overlay.h.
#include "storage/fuse/operations.h"

#include "storage/fuse/overlay.h"
#include "storage/fuse/session.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>
#include <vector>

namespace storage::fuse {
namespace {

constexpr unsigned largest_message = 1U << 20;

Overlay& overlay_of(fuse_req_t req) { return *static_cast<Overlay*>(fuse_req_userdata(req)); }

/// The kernel knows the root by a number, all others by their addresses.
Node& node_of(fuse_req_t req, fuse_ino_t number) {
    return number == FUSE_ROOT_ID ? overlay_of(req).root() : *reinterpret_cast<Node*>(number);
}

Caller caller_of(fuse_req_t req) {
    const fuse_ctx* context = fuse_req_ctx(req);
    return {context->uid, context->gid, context->umask};
}

fuse_entry_param entry_of(const Found& found) {
    fuse_entry_param entry{};
    entry.ino = reinterpret_cast<fuse_ino_t>(found.node);
    entry.attr = found.st;
    entry.attr_timeout = entry.entry_timeout = keep_for;
    return entry;
}

/// Nothing may be thrown through libfuse, which is C; all that the overlay throws is that there is no memory.
template <class Work>
void answer(fuse_req_t req, Work work) noexcept {
    try {
        if (const int error = work(overlay_of(req))) fuse_reply_err(req, error);
    } catch (const std::bad_alloc&) {
        fuse_reply_err(req, ENOMEM);
    }
}

int reply_found(fuse_req_t req, const Found& found) {
    const fuse_entry_param entry = entry_of(found);
    // A reply to nobody, because the call was interrupted: then the kernel does not know the node.
    if (fuse_reply_entry(req, &entry) != 0 && found.node != nullptr) overlay_of(req).forget(*found.node, 1);
    return 0;
}

int reply_done(fuse_req_t req) {
    fuse_reply_err(req, 0);
    return 0;
}

/// After content has changed. A mode that changed with it is not what the kernel expects of these operations: it would go on
/// using the old one, set-user-ID and all, for as long as it may keep attributes.
int note_written(fuse_req_t req, fuse_ino_t number, SetIds set_ids) {
    bool changed_mode = false;
    if (const int error = overlay_of(req).written(node_of(req, number), set_ids, changed_mode)) return error;
    if (changed_mode) notify_attributes_changed(number);
    return 0;
}

void init(void*, fuse_conn_info* connection) {
    connection->max_write = largest_message;
    connection->max_background = 64;
    // Splicing is slower than copying here (measured); looking for changes by time stamps would drop pages we just wrote.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_AUTO_INVAL_DATA |
                                               FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_HANDLE_KILLPRIV | FUSE_CAP_ATOMIC_O_TRUNC);
    connection->want |= connection->capable & static_cast<unsigned>(FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_POSIX_ACL |
                                                                    FUSE_CAP_DONT_MASK | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS |
                                                                    FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO);
}

void lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
    answer(req, [&](Overlay& overlay) {
        Found found;
        const int error = overlay.lookup(node_of(req, parent), name, found);
        return error != 0 ? error : reply_found(req, found);
    });
}

void forget(fuse_req_t req, fuse_ino_t number, std::uint64_t count) {
    overlay_of(req).forget(node_of(req, number), count);
    fuse_reply_none(req);
}

void forget_multi(fuse_req_t req, std::size_t count, fuse_forget_data* forgets) {
    for (std::size_t i = 0; i < count; ++i) overlay_of(req).forget(node_of(req, forgets[i].ino), forgets[i].nlookup);
    fuse_reply_none(req);
}

void getattr(fuse_req_t req, fuse_ino_t number, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        struct stat st {};
        if (const int error = overlay.get_attributes(node_of(req, number), st)) return error;
        fuse_reply_attr(req, &st, keep_for);
        return 0;
    });
}

AttributeChange change_of(const struct stat& wanted, int to_set) {
    AttributeChange change;
    const auto has = [to_set](int bit) { return (to_set & bit) != 0; };
    constexpr struct timespec now {0, UTIME_NOW};
    if (has(FUSE_SET_ATTR_MODE)) change.mode = wanted.st_mode;
    if (has(FUSE_SET_ATTR_UID)) change.uid = wanted.st_uid;
    if (has(FUSE_SET_ATTR_GID)) change.gid = wanted.st_gid;
    if (has(FUSE_SET_ATTR_SIZE)) change.size = wanted.st_size;
    if (has(FUSE_SET_ATTR_ATIME)) change.atime = wanted.st_atim;
    if (has(FUSE_SET_ATTR_MTIME)) change.mtime = wanted.st_mtim;
    if (has(FUSE_SET_ATTR_ATIME_NOW)) change.atime = now;
    if (has(FUSE_SET_ATTR_MTIME_NOW)) change.mtime = now;
    change.set_ids = request_drops_set_ids() ? SetIds::drop : SetIds::keep;
    return change;
}

void setattr(fuse_req_t req, fuse_ino_t number, struct stat* wanted, int to_set, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        struct stat st {};
        if (const int error = overlay.set_attributes(node_of(req, number), change_of(*wanted, to_set), st)) return error;
        fuse_reply_attr(req, &st, keep_for);
        return 0;
    });
}

void readlink(fuse_req_t req, fuse_ino_t number) {
    answer(req, [&](Overlay& overlay) {
        std::string target;
        if (const int error = overlay.read_link(node_of(req, number), target)) return error;
        fuse_reply_readlink(req, target.c_str());
        return 0;
    });
}

void mknod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, dev_t device) {
    answer(req, [&](Overlay& overlay) {
        Found found;
        const int error = overlay.make_node(node_of(req, parent), name, mode, device, caller_of(req), found);
        return error != 0 ? error : reply_found(req, found);
    });
}

void mkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
    answer(req, [&](Overlay& overlay) {
        Found found;
        const int error = overlay.make_dir(node_of(req, parent), name, mode, caller_of(req), found);
        return error != 0 ? error : reply_found(req, found);
    });
}

void symlink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
    answer(req, [&](Overlay& overlay) {
        Found found;
        const int error = overlay.make_symlink(node_of(req, parent), name, target, caller_of(req), found);
        return error != 0 ? error : reply_found(req, found);
    });
}

void link(fuse_req_t req, fuse_ino_t number, fuse_ino_t parent, const char* name) {
    answer(req, [&](Overlay& overlay) {
        Found found;
        const int error = overlay.link(node_of(req, number), node_of(req, parent), name, found);
        return error != 0 ? error : reply_found(req, found);
    });
}

void unlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
    answer(req, [&](Overlay& overlay) {
        const int error = overlay.unlink(node_of(req, parent), name);
        return error != 0 ? error : reply_done(req);
    });
}

void rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
    answer(req, [&](Overlay& overlay) {
        const int error = overlay.remove_dir(node_of(req, parent), name);
        return error != 0 ? error : reply_done(req);
    });
}

void rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name, unsigned flags) {
    answer(req, [&](Overlay& overlay) {
        const int error = overlay.rename(node_of(req, parent), name, node_of(req, new_parent), new_name, flags);
        return error != 0 ? error : reply_done(req);
    });
}

/// The kernel asks once and then never again: files and directories need no opening here.
void open_without_us(fuse_req_t req, fuse_ino_t, fuse_file_info*) { fuse_reply_err(req, ENOSYS); }

void read(fuse_req_t req, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        thread_local std::vector<char> buffer;
        if (buffer.size() < size) buffer.resize(size);
        Node& node = node_of(req, number);
        FdPtr fd;
        if (const int error = overlay.open_content(node, Access::read, fd)) return error;
        if (answer_with_file(fd->get(), size, offset)) {
            fuse_reply_none(req);
            return 0;
        }
        const iovec whole{buffer.data(), size};
        ssize_t got = ::preadv2(fd->get(), &whole, 1, offset, RWF_NOWAIT);
        const bool is_short = got < 0 || static_cast<std::size_t>(got) < size;
        if (is_short && (got < 0 || !overlay.is_end(node, offset + got))) { // not all of it is in the page cache
            let_others_read();
            while ((got = ::pread(fd->get(), buffer.data(), size, offset)) < 0 && errno == EINTR) {
            }
            if (got < 0) return errno;
        }
        const auto filled = static_cast<std::size_t>(got);
        fuse_reply_buf(req, buffer.data(), filled);
        return 0;
    });
}

void write(fuse_req_t req, fuse_ino_t number, const char* data, std::size_t size, off_t offset, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        FdPtr fd;
        if (const int error = overlay.open_content(node_of(req, number), Access::write, fd)) return error;
        std::size_t done = 0;
        while (done < size) {
            const ssize_t put = ::pwrite(fd->get(), data + done, size - done, offset + static_cast<off_t>(done));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0 && done == 0) return errno;
            if (put <= 0) break;
            done += static_cast<std::size_t>(put);
        }
        if (const int error = note_written(req, number, request_drops_set_ids() ? SetIds::drop : SetIds::keep)) return error;
        fuse_reply_write(req, done);
        return 0;
    });
}

void fsync(fuse_req_t req, fuse_ino_t number, int content_only, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        const int error = overlay.sync(node_of(req, number), content_only != 0);
        return error != 0 ? error : reply_done(req);
    });
}

void fallocate(fuse_req_t req, fuse_ino_t number, int mode, off_t offset, off_t length, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        FdPtr fd;
        if (const int error = overlay.open_content(node_of(req, number), Access::write, fd)) return error;
        if (::fallocate(fd->get(), mode, offset, length) != 0) return errno;
        const int error = note_written(req, number, SetIds::as_on_disk);
        return error != 0 ? error : reply_done(req);
    });
}

void copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset, fuse_file_info*, fuse_ino_t to, off_t to_offset, fuse_file_info*,
                     std::size_t size, int flags) {
    answer(req, [&](Overlay& overlay) {
        FdPtr in, out;
        if (const int error = overlay.open_content(node_of(req, to), Access::write, out)) return error;
        if (const int error = overlay.open_content(node_of(req, from), Access::read, in)) return error;
        const ssize_t copied = ::copy_file_range(in->get(), &from_offset, out->get(), &to_offset, size, static_cast<unsigned>(flags));
        if (copied < 0) return errno;
        if (const int error = note_written(req, to, SetIds::as_on_disk)) return error;
        fuse_reply_write(req, static_cast<std::size_t>(copied));
        return 0;
    });
}

void lseek(fuse_req_t req, fuse_ino_t number, off_t offset, int whence, fuse_file_info*) {
    answer(req, [&](Overlay& overlay) {
        FdPtr fd;
        if (const int error = overlay.open_content(node_of(req, number), Access::read, fd)) return error;
        const off_t found = ::lseek(fd->get(), offset, whence);
        if (found < 0) return errno;
        fuse_reply_lseek(req, found);
        return 0;
    });
}

void list(fuse_req_t req, fuse_ino_t number, std::size_t size, off_t offset, Overlay::Detail detail) {
    answer(req, [&](Overlay& overlay) {
        std::vector<char> buffer(size);
        std::size_t filled = 0;
        std::vector<Node*> known;
        const int error = overlay.read_dir(node_of(req, number), static_cast<std::uint64_t>(offset), detail, [&](const Overlay::DirItem& item) {
            const auto next = static_cast<off_t>(item.next);
            const fuse_entry_param entry = entry_of(item.found);
            char* at = buffer.data() + filled;
            const std::size_t need = detail == Overlay::Detail::nodes ? fuse_add_direntry_plus(req, at, size - filled, item.name, &entry, next)
                                                                      : fuse_add_direntry(req, at, size - filled, item.name, &entry.attr, next);
            if (need > size - filled) return false;
            filled += need;
            if (item.found.node != nullptr) known.push_back(item.found.node);
            return true;
        });
        if (error != 0) return error;
        if (fuse_reply_buf(req, buffer.data(), filled) != 0)
            for (Node* node : known) overlay.forget(*node, 1);
        return 0;
    });
}

void readdir(fuse_req_t req, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
    list(req, number, size, offset, Overlay::Detail::names);
}

void readdirplus(fuse_req_t req, fuse_ino_t number, std::size_t size, off_t offset, fuse_file_info*) {
    list(req, number, size, offset, Overlay::Detail::nodes);
}

void statfs(fuse_req_t req, fuse_ino_t) {
    answer(req, [&](Overlay& overlay) {
        struct statvfs st {};
        if (const int error = overlay.statfs(st)) return error;
        fuse_reply_statfs(req, &st);
        return 0;
    });
}

void setxattr(fuse_req_t req, fuse_ino_t number, const char* name, const char* value, std::size_t size, int flags) {
    answer(req, [&](Overlay& overlay) {
        const int error = overlay.set_attribute(node_of(req, number), name, value, size, flags);
        return error != 0 ? error : reply_done(req);
    });
}

void getxattr(fuse_req_t req, fuse_ino_t number, const char* name, std::size_t size) {
    answer(req, [&](Overlay& overlay) {
        std::vector<char> value(size);
        const ssize_t length = overlay.get_attribute(node_of(req, number), name, value.data(), size);
        if (length < 0) return static_cast<int>(-length);
        if (size == 0) fuse_reply_xattr(req, static_cast<std::size_t>(length));
        else fuse_reply_buf(req, value.data(), static_cast<std::size_t>(length));
        return 0;
    });
}

void listxattr(fuse_req_t req, fuse_ino_t number, std::size_t size) {
    answer(req, [&](Overlay& overlay) {
        std::string names;
        const ssize_t length = overlay.list_attributes(node_of(req, number), names);
        if (length < 0) return static_cast<int>(-length);
        if (size != 0 && names.size() > size) return ERANGE;
        if (size == 0) fuse_reply_xattr(req, names.size());
        else fuse_reply_buf(req, names.data(), names.size());
        return 0;
    });
}

void removexattr(fuse_req_t req, fuse_ino_t number, const char* name) {
    answer(req, [&](Overlay& overlay) {
        const int error = overlay.remove_attribute(node_of(req, number), name);
        return error != 0 ? error : reply_done(req);
    });
}

} // namespace

// Not here, so that libfuse answers ENOSYS: create (mknod is one message, create with its release two), flush, and locks,
// which the kernel keeps by itself.
const fuse_lowlevel_ops operations = {
    .init = init,
    .lookup = lookup,
    .forget = forget,
    .getattr = getattr,
    .setattr = setattr,
    .readlink = readlink,
    .mknod = mknod,
    .mkdir = mkdir,
    .unlink = unlink,
    .rmdir = rmdir,
    .symlink = symlink,
    .rename = rename,
    .link = link,
    .open = open_without_us,
    .read = read,
    .write = write,
    .fsync = fsync,
    .opendir = open_without_us,
    .readdir = readdir,
    .fsyncdir = fsync,
    .statfs = statfs,
    .setxattr = setxattr,
    .getxattr = getxattr,
    .listxattr = listxattr,
    .removexattr = removexattr,
    .forget_multi = forget_multi,
    .fallocate = fallocate,
    .readdirplus = readdirplus,
    .copy_file_range = copy_file_range,
    .lseek = lseek,
};

} // namespace storage::fuse
