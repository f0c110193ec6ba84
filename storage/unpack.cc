// From a compressed stream to a published layer, see storage/unpack.h.
#include "storage/unpack.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "storage/creator.h"
#include "storage/disk.h"
#include "storage/layer_index.h"
#include "storage/layer_stream.h"
#include "storage/record.h"
#include "storage/stream_recorder.h"
#include "storage/tar_reader.h"

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace storage {
namespace {

constexpr auto claim_patience = std::chrono::hours(24); // a big layer on a slow line

IdMode mode_of(const UnpackOptions& options) { return options.single_id ? IdMode::single : IdMode::subordinate; }

/// A directory in layers/ that nobody looks at, removed again unless it is published.
class Workshop {
public:
    explicit Workshop(Store& store) : store_(store), name_(".tmp-" + sys::random_hex(8)) {
        const FileLock lock = store.lock_shared(); // between mkdir and flock it must not look abandoned
        layers_ = files::open_dir(store.path("layers"));
        sys::mkdir_at(layers_.get(), name_, store.directory_mode());
        dir_ = files::open_dir_at(layers_.get(), name_);
        if (::flock(dir_.get(), LOCK_EX | LOCK_NB) != 0) throw SysError{errno, cat("lock ", name_)};
        sys::mkdir_at(dir_.get(), "fs", 0755);
    }
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;
    ~Workshop() {
        if (published_) return;
        try {
            files::remove_tree(layers_.get(), name_);
        } catch (const Error&) {
            return; // garbage collection will find it: its lock is free in a moment
        }
    }

    int dir() const noexcept { return dir_.get(); }

    /// Where a good one is there already, this one is dropped; one that is not trusted makes way.
    void publish(const std::string& diff_id, const UnpackOptions& options) {
        const std::string hex = digest_hex(diff_id);
        published_ = sys::try_rename_noreplace(layers_.get(), name_, layers_.get(), hex);
        if (published_ || have_layer(store_, diff_id, options)) return;
        store_.discard("layers/" + hex);
        sys::rename_at(layers_.get(), name_, layers_.get(), hex);
        published_ = true;
    }

private:
    Store& store_;
    std::string name_;
    UniqueFd layers_;
    UniqueFd dir_;
    bool published_ = false;
};

/// Reads all entries. Returns when the whole stream has been read.
void unpack_entries(StreamRecorder& recorder, TreeCreator& creator, const UnpackOptions& options) {
    TarReader reader(recorder);
    while (const auto entry = reader.next()) {
        if (options.on_progress) options.on_progress(recorder.pulled());
        if (!creator.create(*entry)) continue;
        while (const auto block = reader.next_block()) {
            creator.write(block->offset, block->bytes);
            recorder.mark_content(block->position, block->bytes, creator.current(), block->offset);
            if (options.on_progress) options.on_progress(recorder.pulled());
        }
        creator.end_file();
    }
}

void write_index(int index_file, const StreamRecorder& recorder, const std::vector<IndexEntry>& entries) {
    const std::string encoded = encode_entries(entries);
    sys::write_all(index_file, encoded, "layer index");
    const std::string header = encode_header(recorder.length(), recorder.crc(), encoded, entries.size());
    if (::pwrite(index_file, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()))
        throw SysError{errno, "write layer index"};
}

/// Unpacks into the workshop. `check` is told the content's digest, before anything is made of it.
LayerMeta unpack_into(const Store& store, const Workshop& workshop, ByteSource& plain, UnpackOptions options,
                      const std::function<void(const std::string&)>& check) {
    options.shared = store.is_shared();
    const UniqueFd index_file = sys::open_at(workshop.dir(), "index", O_WRONLY | O_CREAT | O_EXCL, store.file_mode());
    TreeCreator creator(workshop.dir(), options);
    LayerStream stream(plain);
    StreamRecorder recorder(stream, index_file.get());
    unpack_entries(recorder, creator, options);
    const std::string diff_id = stream.finish_digest();
    check(diff_id);
    creator.finish();
    recorder.finish();
    write_index(index_file.get(), recorder, creator.entries());
    LayerMeta meta;
    meta.info = {diff_id, creator.content_size(), static_cast<std::int64_t>(creator.entries().size())};
    meta.shared = options.shared;
    meta.single_id = options.single_id && !options.shared; // a shared one lacks nothing
    return meta;
}

LayerMeta unpack_or_explain(const Store& store, const Workshop& workshop, ByteSource& plain, const UnpackOptions& options,
                            const std::function<void(const std::string&)>& check) {
    try {
        return unpack_into(store, workshop, plain, options, check);
    } catch (const SysError& e) {
        explain_full_store(e, store.dir());
        throw;
    }
}

LayerInfo publish(const Store& store, Workshop& workshop, LayerMeta meta, const UnpackOptions& options) {
    meta.boot_id = store.boot_id();
    files::write_atomic(workshop.dir(), "meta.json", meta.format(), store.file_mode(), files::Durability::none);
    workshop.publish(meta.info.diff_id, options);
    return meta.info;
}

} // namespace

std::optional<LayerClaim> LayerClaim::acquire(Store& store, const std::string& diff_id, const UnpackOptions& options) {
    const std::string lock_name = ".lock-" + digest_hex(diff_id);
    if (have_layer(store, diff_id, options)) return std::nullopt;
    store.ensure();
    LayerClaim claim(store, diff_id, lock_name,
                     FileLock::acquire(AT_FDCWD, store.path("layers/" + lock_name), FileLock::Mode::exclusive,
                                       claim_patience, options.on_wait));
    if (have_layer(store, diff_id, options)) return std::nullopt; // whoever we waited for has made it
    return claim;
}

LayerClaim::LayerClaim(LayerClaim&& other) noexcept
    : store_(other.store_), diff_id_(std::move(other.diff_id_)), lock_name_(std::exchange(other.lock_name_, {})),
      lock_(std::move(other.lock_)) {}

LayerClaim::~LayerClaim() {
    // While it is still held: FileLock's waiters notice that the name is gone and make the file anew.
    if (!lock_name_.empty()) ::unlink(store_->path("layers/" + lock_name_).c_str());
}

LayerInfo publish_layer(const LayerClaim& claim, ByteSource& compressed, const UnpackOptions& options) {
    try {
        Workshop workshop(claim.store());
        const auto plain = open_decompressed(compressed, options.decompress);
        LayerMeta meta = unpack_or_explain(claim.store(), workshop, *plain, options, [&](const std::string& found) {
            if (found != claim.diff_id())
                throw Error("the layer's content has the digest ", found, " instead of ", claim.diff_id(), ", which the image's config names");
        });
        return publish(claim.store(), workshop, std::move(meta), options);
    } catch (Error& e) {
        e.add_context(cat("layer ", claim.diff_id().substr(0, 19)));
        throw;
    }
}

LayerInfo publish_layer(Store& store, ByteSource& compressed, const std::string& diff_id, const UnpackOptions& options) {
    if (const auto claim = LayerClaim::acquire(store, diff_id, options)) return publish_layer(*claim, compressed, options);
    if (auto layer = store.find_layer(diff_id)) return *layer;
    throw Error("layer ", diff_id, " has been removed meanwhile");
}

LayerInfo publish_new_layer(Store& store, ByteSource& plain, const UnpackOptions& options,
                            const std::function<void(const std::string&)>& on_digest) {
    store.ensure();
    Workshop workshop(store);
    LayerMeta meta = unpack_or_explain(store, workshop, plain, options, on_digest);
    meta.single_id = false; // who made it has no other owners than root's, so nothing is missing on disk
    return publish(store, workshop, std::move(meta), options);
}

bool have_layer(const Store& store, const std::string& diff_id, const UnpackOptions& options) {
    return store.has_layer_to_keep(diff_id, mode_of(options));
}

void finish_durability(Store& store, const std::vector<std::string>& diff_ids) {
    const UniqueFd layers = files::open_dir(store.path("layers"));
    std::vector<UniqueFd> unsynced;
    for (const std::string& diff_id : diff_ids) {
        UniqueFd layer = files::open_dir_at(layers.get(), digest_hex(diff_id));
        if (!sys::find_stat_at(layer.get(), "synced")) unsynced.push_back(std::move(layer));
    }
    if (unsynced.empty()) return;
    if (::syncfs(layers.get()) != 0) throw SysError{errno, cat("sync ", store.path("layers"))};
    for (const UniqueFd& layer : unsynced) {
        sys::open_at(layer.get(), "synced", O_WRONLY | O_CREAT | O_NOFOLLOW, store.file_mode()).reset();
        sys::fsync(layer.get(), "layer");
    }
}

} // namespace storage
