// See storage/layer_blobs.h.
#include "storage/layer_blobs.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/sys.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <algorithm>

namespace storage {
namespace {

using nlohmann::json;

constexpr std::size_t most = 16; ///< blobs of a layer, places of a blob
constexpr std::size_t most_gone = 1000; ///< layers
constexpr const char* kept = "known-blobs";

std::string kept_path(const Store& store, const std::string& hex) { return store.path(cat(kept, "/", hex, ".json")); }

std::optional<std::string> find_text(const Store& store, const std::string& hex) {
    auto text = files::find(store.path(cat("layers/", hex, "/", layer_blobs_file)));
    return text ? text : files::find(kept_path(store, hex));
}

void forget_the_oldest(const Store& store) {
    std::vector<std::pair<std::int64_t, std::string>> known;
    for (const std::string& name : files::list(AT_FDCWD, store.path(kept)))
        if (const auto status = sys::find_stat_at(AT_FDCWD, store.path(cat(kept, "/", name)))) known.emplace_back(status->st_mtim.tv_sec, name);
    if (known.size() <= most_gone) return;
    std::ranges::sort(known);
    known.resize(known.size() - most_gone);
    for (const auto& [time, name] : known) sys::unlink_at(AT_FDCWD, store.path(cat(kept, "/", name)));
}

std::vector<LayerBlob> parse(const std::string& text) {
    std::vector<LayerBlob> blobs;
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object() || !document.contains("blobs") || !document["blobs"].is_array()) return blobs;
    for (const json& entry : document["blobs"]) {
        try {
            blobs.push_back({entry.at("digest").get<std::string>(), entry.at("size").get<std::uint64_t>(), entry.at("packing").get<std::string>(),
                             entry.at("places").get<std::vector<std::string>>()});
            (void)digest_hex(blobs.back().digest);
        } catch (const std::exception&) {
            return {}; // a hint that is damaged is none
        }
    }
    return blobs;
}

std::string format(const std::vector<LayerBlob>& blobs) {
    json list = json::array();
    for (const LayerBlob& blob : blobs)
        list.push_back({{"digest", blob.digest}, {"size", blob.size}, {"packing", blob.packing}, {"places", blob.places}});
    return json{{"blobs", std::move(list)}}.dump();
}

template <class T>
void move_to_front(std::vector<T>& list, typename std::vector<T>::iterator it) {
    std::rotate(list.begin(), it, it + 1);
    if (list.size() > most) list.resize(most);
}

} // namespace

std::vector<LayerBlob> load_layer_blobs(const Store& store, const std::string& diff_id) {
    const auto text = find_text(store, digest_hex(diff_id));
    return text ? parse(*text) : std::vector<LayerBlob>{};
}

void keep_layer_blobs(const Store& store, const std::string& layer_hex) {
    const auto text = files::find(store.path(cat("layers/", layer_hex, "/", layer_blobs_file)));
    if (!text) return;
    sys::ensure_dir(store.path(kept), 0700);
    files::write_atomic(AT_FDCWD, kept_path(store, layer_hex), *text, 0600, files::Durability::none);
    forget_the_oldest(store);
}

void remember_layer_blob(const Store& store, const std::string& diff_id, const LayerBlob& blob) {
    const auto dir = sys::try_open(store.path("layers/" + digest_hex(diff_id)), O_RDONLY | O_DIRECTORY);
    if (!dir || !sys::find_stat_at(dir->get(), "meta.json")) return;
    const FileLock lock = FileLock::acquire(dir->get(), "meta.json", FileLock::Mode::exclusive);
    const auto text = find_text(store, digest_hex(diff_id));
    std::vector<LayerBlob> blobs = text ? parse(*text) : std::vector<LayerBlob>{};
    auto known = std::ranges::find(blobs, blob.digest, &LayerBlob::digest);
    if (known == blobs.end()) known = blobs.insert(blobs.end(), LayerBlob{blob.digest, blob.size, blob.packing, {}});
    for (const std::string& place : blob.places) {
        auto there = std::ranges::find(known->places, place);
        if (there == known->places.end()) there = known->places.insert(known->places.end(), place);
        move_to_front(known->places, there);
    }
    move_to_front(blobs, known);
    std::string changed = format(blobs);
    if (!text || *text != changed) files::write_atomic(dir->get(), layer_blobs_file, changed, store.file_mode(), files::Durability::none);
}

} // namespace storage
