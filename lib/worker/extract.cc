// See lib/worker/extract.h.
#include "lib/worker/extract.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/layer_view.h"
#include "storage/decompress.h"
#include "storage/file_attributes.h"
#include "storage/new_name.h"
#include "storage/tar_reader.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace lib::worker {
namespace {

using storage::EntryType;
using storage::NewName;
using storage::TarEntry;

/// The plain bytes, nothing of them kept.
class PlainInput : public storage::TarInput {
public:
    explicit PlainInput(storage::ByteSource& source) : source_(source), buffer_(1 << 18) {}
    std::span<const std::byte> pull() override {
        const std::size_t count = source_.read(buffer_);
        pulled_ += count;
        return std::span(buffer_).first(count);
    }
    std::uint64_t pulled() const noexcept override { return pulled_; }
    void keep_until(std::uint64_t) override {}

private:
    storage::ByteSource& source_;
    std::vector<std::byte> buffer_;
    std::uint64_t pulled_ = 0;
};

/// "a/b" and "c" of an entry's name; both empty for the directory itself.
std::pair<std::string, std::string> split_name(const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string part = path.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty() || part == ".") continue;
        if (part == "..") throw Error("entry ", path, " of the archive leaves the directory: refused");
        parts.push_back(part);
    }
    if (parts.empty()) return {};
    std::string directory;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) directory += (i == 0 ? "" : "/") + parts[i];
    return {directory, parts.back()};
}

class Extraction {
public:
    Extraction(UniqueFd root, const ExtractArguments& arguments) : root_(std::move(root)), arguments_(arguments) {
        const auto top = rootless::find_in(root_.get(), arguments_.path, rootless::LastLink::followed);
        if (!top || !S_ISDIR(sys::fstat(top->get(), arguments_.path).st_mode))
            throw Error(arguments_.path, " in container ", arguments_.container, ": the destination of a stream must be a directory");
    }

    void add(storage::TarReader& reader, const TarEntry& entry) {
        const auto [directory, name] = split_name(entry.path);
        if (name.empty()) return; // the directory itself: it keeps its own metadata
        const int parent = open_parent(directory);
        const auto kind = entry.type == EntryType::directory ? NewName::Kind::directory : NewName::Kind::other;
        if (entry.type == EntryType::char_device || entry.type == EntryType::block_device) return; // none in a user namespace
        NewName fresh(parent, name, entry.path, kind, arguments_.overwrite ? NewName::Overwrite::any : NewName::Overwrite::same_kind);
        if (entry.type == EntryType::directory) return add_directory(entry, parent, name, fresh.exists());
        if (entry.type == EntryType::file) return add_file(reader, entry, parent, fresh);
        make_other(entry, parent, fresh.used());
        if (entry.type != EntryType::hardlink) {
            const UniqueFd made = sys::open_at(parent, fresh.used(), O_PATH | O_NOFOLLOW);
            set_metadata(entry, made.get());
        }
        fresh.settle(-1);
    }

    /// Times of directories, which making their content has changed.
    void finish() {
        for (const auto& [fd, entry] : directories_) set_times(entry, fd.get());
    }

private:
    /// Names of links inside the archive's directory lead where the container sees them lead.
    std::string path_of(const std::string& relative) const { return arguments_.path + "/" + relative; }

    int open_parent(const std::string& directory) {
        if (parent_ && directory == parent_path_) return parent_.get();
        auto found = rootless::find_in(root_.get(), path_of(directory), rootless::LastLink::followed);
        if (!found) found = make_parent(directory);
        if (!S_ISDIR(sys::fstat(found->get(), directory).st_mode)) throw Error(path_of(directory), " is not a directory");
        parent_ = std::move(*found);
        parent_path_ = directory;
        return parent_.get();
    }

    UniqueFd make_parent(const std::string& directory) {
        const auto [above, name] = split_name(directory);
        if (name.empty()) throw Error(arguments_.path, " was removed meanwhile");
        const int parent = open_parent(above);
        sys::mkdir_at(parent, name, 0755);
        UniqueFd made = sys::open_at(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        TarEntry implicit;
        implicit.path = directory;
        set_owner(implicit, made.get());
        return made;
    }

    void add_directory(const TarEntry& entry, int parent, const std::string& name, bool exists) {
        if (exists) return; // it keeps its own metadata
        sys::mkdir_at(parent, name, 0700);
        UniqueFd made = sys::open_at(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        set_metadata(entry, made.get());
        if (directories_.size() < most_directories) directories_.emplace_back(std::move(made), entry);
    }

    void add_file(storage::TarReader& reader, const TarEntry& entry, int parent, NewName& fresh) {
        const UniqueFd made = sys::open_at(parent, fresh.used(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        OnExit undo([&] { ::unlinkat(parent, fresh.used().c_str(), 0); });
        while (const auto block = reader.next_block()) {
            auto rest = block->bytes;
            for (std::uint64_t offset = block->offset; !rest.empty();) {
                const ssize_t n = ::pwrite(made.get(), rest.data(), rest.size(), static_cast<off_t>(offset));
                if (n < 0) throw SysError{errno, cat("write ", entry.path)};
                rest = rest.subspan(static_cast<std::size_t>(n));
                offset += static_cast<std::uint64_t>(n);
            }
        }
        if (::ftruncate(made.get(), static_cast<off_t>(entry.size)) != 0) throw SysError{errno, cat("set the size of ", entry.path)};
        set_metadata(entry, made.get());
        undo.disarm();
        fresh.settle(made.get());
    }

    void make_other(const TarEntry& entry, int parent, const std::string& name) {
        if (entry.type == EntryType::symlink) return sys::symlink_at(entry.link_target, parent, name);
        if (entry.type == EntryType::fifo) {
            if (::mkfifoat(parent, name.c_str(), 0600) != 0) throw SysError{errno, cat("make fifo ", entry.path)};
            return;
        }
        const auto [directory, target] = split_name(entry.link_target);
        const auto dir = rootless::find_in(root_.get(), path_of(directory), rootless::LastLink::followed);
        const auto file = dir ? rootless::find_in(dir->get(), target, rootless::LastLink::kept) : std::nullopt;
        if (!file || S_ISDIR(sys::fstat(file->get(), target).st_mode))
            throw Error("entry ", entry.path, " of the archive is a hard link to ", entry.link_target, ", which is no file of it");
        if (::linkat(AT_FDCWD, storage::fd_path(file->get()).c_str(), parent, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
            throw SysError{errno, cat("link ", entry.path)};
    }

    void set_owner(const TarEntry& entry, int fd) {
        const uid_t uid = arguments_.owner ? arguments_.owner->first : entry.uid;
        const gid_t gid = arguments_.owner ? arguments_.owner->second : entry.gid;
        if (::chown(storage::fd_path(fd).c_str(), uid, gid) != 0)
            throw SysError{errno, cat("set the owner of ", entry.path, " to ", uid, ":", gid)};
    }

    void set_metadata(const TarEntry& entry, int fd) {
        set_owner(entry, fd);
        const std::string thing = storage::fd_path(fd);
        if (entry.type != EntryType::symlink && ::chmod(thing.c_str(), entry.mode) != 0)
            throw SysError{errno, cat("set the mode of ", entry.path)};
        for (const auto& [name, value] : entry.xattrs) {
            if (storage::is_internal_attribute(name)) continue;
            const bool set = ::setxattr(thing.c_str(), name.c_str(), value.data(), value.size(), 0) == 0;
            if (!set && errno != EPERM && errno != ENOTSUP) throw SysError{errno, cat("set attribute ", name, " of ", entry.path)};
        }
        set_times(entry, fd);
    }

    static void set_times(const TarEntry& entry, int fd) {
        const struct timespec time {entry.mtime, entry.mtime_ns};
        const struct timespec times[] = {time, time};
        if (::utimensat(AT_FDCWD, storage::fd_path(fd).c_str(), times, 0) != 0) throw SysError{errno, cat("set the times of ", entry.path)};
    }

    static constexpr std::size_t most_directories = 512; ///< descriptors kept for their times; further ones do without

    UniqueFd root_;
    const ExtractArguments& arguments_;
    UniqueFd parent_; ///< of the entry before
    std::string parent_path_;
    std::vector<std::pair<UniqueFd, TarEntry>> directories_;
};

} // namespace

ExtractArguments ExtractArguments::parse(std::string path, const std::string& json) {
    const nlohmann::json document = oci::parse_json_text(json, "the request", oci::JsonKeys::distinct);
    const oci::Fields fields(document, "the request");
    ExtractArguments arguments;
    arguments.path = std::move(path);
    arguments.container = fields.text("container");
    arguments.overwrite = fields.flag("overwrite");
    if (const auto owner = fields.object("owner"))
        arguments.owner.emplace(static_cast<uid_t>(owner->number("uid").value_or(0)), static_cast<gid_t>(owner->number("gid").value_or(0)));
    return arguments;
}

void extract(storage::ByteSource& compressed, UniqueFd root, const ExtractArguments& arguments) {
    const std::string what = "what came on standard input";
    Extraction extraction(std::move(root), arguments);
    const auto plain = storage::open_decompressed(compressed);
    PlainInput input(*plain);
    storage::TarReader reader(input, what);
    while (const auto entry = reader.next()) extraction.add(reader, *entry);
    extraction.finish();
}

} // namespace lib::worker
