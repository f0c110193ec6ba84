// Archives read where they lie, see lib/worker/archive.h.
#include "lib/worker/archive.h"

#include "base/error.h"
#include "base/oci/digest.h"
#include "base/sys.h"
#include "storage/decompress.h"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace lib::worker {
namespace {

constexpr int most_links = 8;

std::size_t read_at(int fd, std::span<std::byte> into, std::uint64_t offset, const std::string& what) {
    ssize_t count = 0;
    do count = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    while (count < 0 && errno == EINTR);
    if (count < 0) throw SysError{errno, cat("read ", what)};
    return static_cast<std::size_t>(count);
}

/// The archive's plain bytes in a file that has no name and is gone with its descriptor.
UniqueFd spool(int fd, const std::string& spool_dir) {
    UniqueFd file = sys::open(spool_dir, O_TMPFILE | O_RDWR, 0600);
    FdSource compressed(fd);
    const auto plain = storage::open_decompressed(compressed);
    std::vector<std::byte> chunk(256 << 10);
    while (const std::size_t count = plain->read(chunk))
        sys::write_all(file.get(), {reinterpret_cast<const char*>(chunk.data()), count}, "temporary copy of the archive");
    return file;
}

bool is_compressed(int fd) {
    std::array<std::byte, 4> magic{};
    const std::size_t count = read_at(fd, magic, 0, "archive");
    const auto starts_with = [&](std::initializer_list<unsigned> bytes) {
        return count >= bytes.size() && std::equal(bytes.begin(), bytes.end(), magic.begin(), [](unsigned a, std::byte b) {
            return std::byte(a) == b;
        });
    };
    return starts_with({0x1f, 0x8b}) || starts_with({0x28, 0xb5, 0x2f, 0xfd});
}

/// "dir/../x" from a link's directory and its target; nullopt when it leaves the archive.
std::optional<std::string> joined(const std::string& directory, const std::string& target) {
    std::vector<std::string> parts;
    const std::string path = target.starts_with('/') ? target : directory + "/" + target;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string part = path.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(part);
        } else if (parts.empty()) {
            return std::nullopt;
        } else {
            parts.pop_back();
        }
    }
    std::string result;
    for (const std::string& part : parts) result += (result.empty() ? "" : "/") + part;
    return result;
}

std::string directory_of(const std::string& name) {
    const auto slash = name.rfind('/');
    return slash == std::string::npos ? "" : name.substr(0, slash);
}

} // namespace

std::size_t FdSource::read(std::span<std::byte> into) { return sys::read_some(fd_, into, "archive"); }

std::string Member::read(const std::string& name, std::size_t limit) const {
    if (size > limit) throw Error(oci::printable(name), ": larger than ", limit, " bytes");
    std::string content(size, '\0');
    std::size_t done = 0;
    while (done < content.size()) {
        const std::size_t count = read_at(fd, std::as_writable_bytes(std::span(content).subspan(done)), offset + done, name);
        if (count == 0) throw Error(oci::printable(name), ": truncated");
        done += count;
    }
    return content;
}

std::size_t MemberSource::read(std::span<std::byte> into) {
    into = into.first(std::min<std::uint64_t>(into.size(), member_.size - position_));
    if (into.empty()) return 0;
    const std::size_t count = read_at(member_.fd, into, member_.offset + position_, name_);
    if (count == 0) throw Error(oci::printable(name_), ": truncated");
    position_ += count;
    return count;
}

Member Archive::get(const std::string& name, Links links) const {
    if (auto member = find(name, links)) return *std::move(member);
    throw Error("the archive has no ", oci::printable(name));
}

std::optional<Member> DirectoryArchive::find(const std::string& name, Links) const {
    struct open_how how {};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, dir_.get(), name.c_str(), &how, sizeof how)));
    if (!fd && errno == ENOENT) return std::nullopt;
    if (!fd && (errno == ELOOP || errno == EXDEV)) throw Error(oci::printable(name), ": a symbolic link, which is refused");
    if (!fd) throw SysError{errno, cat("open ", oci::printable(name))};
    const struct stat st = sys::fstat(fd.get(), name);
    if (!S_ISREG(st.st_mode)) throw Error(oci::printable(name), ": not a regular file");
    auto owned = std::make_shared<UniqueFd>(std::move(fd));
    return Member{owned->get(), 0, static_cast<std::uint64_t>(st.st_size), owned};
}

std::optional<Member> TarArchive::find(const std::string& name, Links links) const {
    std::string current = name;
    for (int hop = 0; hop <= most_links; ++hop) {
        // A link in a parent's place would give the name another meaning in another program.
        for (std::string parent = directory_of(current); !parent.empty(); parent = directory_of(parent))
            if (const auto it = entries_.find(parent); it != entries_.end() && it->second.type != '5')
                throw Error("the archive's ", oci::printable(parent), " is not a directory");
        const auto it = entries_.find(current);
        if (it == entries_.end() && hop == 0) return std::nullopt;
        if (it == entries_.end()) throw Error("the archive's ", oci::printable(name), " links to ", oci::printable(current), ", which is not there");
        const Entry& entry = it->second;
        if (entry.type == '0') return Member{fd_.get(), entry.offset, entry.size, {}};
        if (links == Links::refused || (entry.type != '1' && entry.type != '2'))
            throw Error("the archive's ", oci::printable(name), " is not a regular file");
        const auto target = joined(entry.type == '1' ? "" : directory_of(current), entry.link);
        if (!target) throw Error("the archive's ", oci::printable(name), " links out of the archive");
        current = *target;
    }
    throw Error("the archive's ", oci::printable(name), " is behind too many links");
}

std::unique_ptr<Archive> open_archive(UniqueFd fd, const std::string& spool_dir) {
    const mode_t mode = sys::fstat(fd.get(), "archive").st_mode;
    if (S_ISDIR(mode)) return std::make_unique<DirectoryArchive>(std::move(fd));
    if (!S_ISREG(mode) || is_compressed(fd.get())) fd = spool(fd.get(), spool_dir);
    return std::make_unique<TarArchive>(std::move(fd));
}

} // namespace lib::worker
