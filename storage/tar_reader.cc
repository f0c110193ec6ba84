// libarchive's tar reader on our stream, see storage/tar_reader.h. The home of libarchive.
#include "storage/tar_reader.h"

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>

#include <cstring>
#include <exception>
#include <limits>

namespace storage {
namespace {

/// libarchive converts pax names (UTF-8) into the locale's character set and loses what that cannot express: for the
/// time it is called, this thread has a UTF-8 locale, whatever the user's is.
class Utf8Locale {
public:
    Utf8Locale() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
        if (utf8_ != nullptr) old_ = ::uselocale(utf8_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;
    ~Utf8Locale() {
        if (utf8_ == nullptr) return;
        ::uselocale(old_);
        ::freelocale(utf8_);
    }

private:
    locale_t utf8_;
    locale_t old_ = nullptr;
};

struct ArchiveCloser {
    void operator()(struct archive* a) const noexcept { ::archive_read_free(a); }
};

EntryType type_of(struct archive_entry* entry, const std::string& path) {
    if (::archive_entry_hardlink(entry) != nullptr) return EntryType::hardlink;
    switch (::archive_entry_filetype(entry)) {
    case AE_IFREG: return EntryType::file;
    case AE_IFDIR: return EntryType::directory;
    case AE_IFLNK: return EntryType::symlink;
    case AE_IFCHR: return EntryType::char_device;
    case AE_IFBLK: return EntryType::block_device;
    case AE_IFIFO: return EntryType::fifo;
    default: throw Error("layer entry ", path, ": unknown type");
    }
}

std::uint32_t id_of(std::int64_t id, const std::string& path) {
    if (id < 0 || id >= std::int64_t{std::numeric_limits<std::uint32_t>::max()})
        throw Error("layer entry ", path, ": impossible owner ", id);
    return static_cast<std::uint32_t>(id);
}

} // namespace

struct TarReader::State {
    State(TarInput& i, std::string w) : recorder(i), what(std::move(w)), archive(::archive_read_new()) {
        if (!archive) throw Error("libarchive: out of memory");
        ::archive_read_support_format_tar(archive.get());
        ::archive_read_support_format_empty(archive.get());
        if (::archive_read_open2(archive.get(), this, nullptr, &State::on_read, nullptr, nullptr) != ARCHIVE_OK) fail();
    }

    // C boundary: nothing may escape.
    static la_ssize_t on_read(struct archive* a, void* self, const void** bytes) noexcept {
        State& state = *static_cast<State*>(self);
        try {
            const auto chunk = state.recorder.pull();
            *bytes = chunk.data();
            return static_cast<la_ssize_t>(chunk.size());
        } catch (...) {
            state.failure = std::current_exception();
            ::archive_set_error(a, EIO, "reading the layer failed");
            return -1;
        }
    }

    [[noreturn]] void fail() {
        if (failure) std::rethrow_exception(failure);
        const char* why = ::archive_error_string(archive.get());
        throw Error(what, " is not a sound tar archive: ", why != nullptr ? why : "unknown error");
    }

    std::string error_text() {
        const char* text = ::archive_error_string(archive.get());
        return text != nullptr ? text : "";
    }

    TarInput& recorder;
    std::string what;
    Utf8Locale locale;
    std::exception_ptr failure;
    std::unique_ptr<struct archive, ArchiveCloser> archive;
};

TarReader::TarReader(TarInput& input, std::string what) : state_(std::make_unique<State>(input, std::move(what))) {}
TarReader::~TarReader() = default;

std::optional<TarEntry> TarReader::next() {
    struct archive_entry* header = nullptr;
    const int result = ::archive_read_next_header(state_->archive.get(), &header);
    if (result == ARCHIVE_EOF) {
        while (!state_->recorder.pull().empty()) state_->recorder.keep_until(state_->recorder.pulled());
        return std::nullopt;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) state_->fail();
    // A warning about anything but names (an odd time stamp, an unknown attribute) does not harm what we take.
    if (result == ARCHIVE_WARN && state_->error_text().find("name can't be converted") != std::string::npos) state_->fail();
    state_->recorder.keep_until(static_cast<std::uint64_t>(::archive_filter_bytes(state_->archive.get(), 0)));

    TarEntry entry;
    const char* path = ::archive_entry_pathname(header);
    if (path == nullptr || *path == '\0') throw Error(state_->what, " has an entry without a name");
    entry.path = path;
    entry.type = type_of(header, entry.path);
    entry.mode = ::archive_entry_perm(header) & 07777;
    entry.uid = id_of(::archive_entry_uid(header), entry.path);
    entry.gid = id_of(::archive_entry_gid(header), entry.path);
    entry.mtime = ::archive_entry_mtime(header);
    entry.mtime_ns = static_cast<std::uint32_t>(::archive_entry_mtime_nsec(header));
    entry.size = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(header), 0));
    entry.device_major = static_cast<std::uint32_t>(::archive_entry_rdevmajor(header));
    entry.device_minor = static_cast<std::uint32_t>(::archive_entry_rdevminor(header));
    const char* target = entry.type == EntryType::hardlink ? ::archive_entry_hardlink(header) : ::archive_entry_symlink(header);
    if (target != nullptr) entry.link_target = target;

    ::archive_entry_xattr_reset(header);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (::archive_entry_xattr_next(header, &name, &value, &size) == ARCHIVE_OK)
        if (name != nullptr) entry.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
    return entry;
}

std::optional<TarBlock> TarReader::next_block() {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = ::archive_read_data_block(state_->archive.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) return std::nullopt;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) state_->fail();
    // libarchive takes the block off its input at the next call only, so its position is where the block begins. Were
    // that to change, the recorder would notice.
    const auto position = static_cast<std::uint64_t>(::archive_filter_bytes(state_->archive.get(), 0));
    return TarBlock{{static_cast<const std::byte*>(bytes), size}, static_cast<std::uint64_t>(offset), position};
}

} // namespace storage
