// The data roots whose containers use a store's layers, see storage/store.h.
//
//   roots/<16 digits>   symbolic link to a data root that has this store for its --imagestore
//
// Made before the first lease of such a root's, so that garbage collection finds its containers. A link says where to look, not
// that there is anything: no count of references is kept that a crash could leave wrong.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/record.h"
#include "storage/store.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <functional>

namespace storage {
namespace {

/// The name of a root's link.
std::string link_name(const std::string& root) {
    std::uint64_t hash = 14695981039346656037U; // FNV-1a
    for (const char c : root) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::string digits(16, '0');
    for (char& digit : digits) {
        digit = "0123456789abcdef"[hash & 15U];
        hash >>= 4U;
    }
    return digits;
}

/// Calls `look` with the id and the record of each container below a data root; what cannot be read is passed over.
void each_container(const std::string& root, const std::string& boot_id,
                    const std::function<void(const std::string& id, const std::string& text, const std::string& file)>& look) {
    for (const std::string& place : container_places(boot_id)) {
        const std::string dir = cat(root, "/", place);
        try {
            for (const std::string& id : files::list(AT_FDCWD, dir)) {
                const std::string file = cat(dir, "/", id, "/record.json");
                if (const auto text = files::find(file); text && !text->empty()) look(id, *text, file);
            }
        } catch (const Error&) {
            continue;
        }
    }
}

} // namespace

void Store::sign_in() const {
    const std::string link = path("roots/" + link_name(home_));
    if (sys::find_link_at(AT_FDCWD, link) == home_) return;
    sys::ensure_dir(path("roots"), 0700);
    (void)sys::try_symlink_at(home_, AT_FDCWD, link);
}

/// This store's own directory first: it may be a data root, too.
std::vector<std::string> Store::data_roots() const {
    std::vector<std::string> roots{dir()};
    for (const std::string& name : files::list(AT_FDCWD, path("roots")))
        if (const auto root = sys::find_link_at(AT_FDCWD, path("roots/" + name)); root && *root != dir()) roots.push_back(*root);
    return roots;
}

bool Store::is_lent(const std::string& diff_id) const {
    const std::string linked = linked_from(diff_id);
    if (linked.empty()) return false;
    return std::ranges::any_of(data_roots(), [&](const std::string& root) { return linked.starts_with(root + "/layers/"); });
}

std::vector<Store::User> Store::users_elsewhere(const std::string& image_id) const {
    std::vector<User> users;
    for (const std::string& root : data_roots()) {
        if (root == home_) continue;
        each_container(root, boot_id_, [&](const std::string& id, const std::string& text, const std::string& file) {
            if (std::ranges::count(parse_container_image_ids(text, file), image_id) != 0) users.push_back({root, id});
        });
    }
    return users;
}

std::vector<std::string> Store::other_roots_in_use() const {
    std::vector<std::string> used;
    for (const std::string& root : data_roots()) {
        bool has_any = false;
        if (root != home_) each_container(root, boot_id_, [&](const auto&, const auto&, const auto&) { has_any = true; });
        if (has_any) used.push_back(root);
    }
    return used;
}

void Store::take_layers_from(const std::string& root) {
    if (!root.empty() && root != dir() && std::ranges::count(further_, root) == 0) further_.push_back(root);
}

} // namespace storage
