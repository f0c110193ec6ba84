// Volumes as records, see storage/volume.h; copy_up.cc fills them.
#include "storage/volume.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/root.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace storage {
namespace {

using nlohmann::json;

std::string rfc3339_now() {
    const std::time_t now = static_cast<std::time_t>(sys::realtime_ns() / 1'000'000'000);
    struct tm utc {};
    ::gmtime_r(&now, &utc);
    char text[32];
    const std::size_t length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return {text, length};
}

std::string format_meta(const Volume& volume) {
    const json document = {{"version", 1},
                           {"name", volume.name},
                           {"anonymous", volume.anonymous},
                           {"created", volume.created},
                           {"labels", volume.labels},
                           {"options", volume.options}};
    return document.dump(1) + "\n";
}

Volume parse_meta(const std::string& text, const std::string& dir) {
    try {
        const json document = json::parse(text);
        return {document.at("name").get<std::string>(), dir + "/data", document.at("anonymous").get<bool>(),
                document.at("created").get<std::string>(),
                document.at("labels").get<std::map<std::string, std::string>>(),
                document.value("options", std::map<std::string, std::string>{})};
    } catch (const json::exception& e) {
        throw Error(dir, "/meta.json: not as expected: ", e.what());
    }
}

} // namespace

void check_volume_name(const std::string& name) {
    const auto is_alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 && (c & 0x80) == 0; };
    const bool valid = !name.empty() && name.size() <= 255 && is_alphanumeric(name.front())
                       && std::all_of(name.begin(), name.end(), [&](char c) {
                              return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
                          });
    if (!valid)
        throw Error("invalid volume name \"", name.substr(0, 300),
                    "\": it must start with a letter or digit and consist of letters, digits, '_', '.' and '-'");
}

Volume Volumes::create(const std::string& name, const std::map<std::string, std::string>& labels,
                       const std::map<std::string, std::string>& options, VolumeOwner owner) {
    return make({name, {}, false, {}, labels, options}, owner);
}

Volume Volumes::create_anonymous() { return make({sys::random_hex(32), {}, true, {}, {}, {}}); }

FileLock Volumes::lock_for_use() const {
    root_.ensure();
    return FileLock::acquire(AT_FDCWD, root_.path("volumes.lock"), FileLock::Mode::shared);
}

FileLock Volumes::lock_for_removal() const {
    root_.ensure();
    return FileLock::acquire(AT_FDCWD, root_.path("volumes.lock"), FileLock::Mode::exclusive);
}

Volume Volumes::make(const Volume& wanted, VolumeOwner owner) {
    const std::string& name = wanted.name;
    if (auto existing = find(name)) return *existing;
    root_.ensure();
    sys::ensure_dir(root_.path("volumes"), 0700);
    const std::string dir = root_.path("volumes/" + name);
    Volume volume = wanted;
    volume.data = dir + "/data";
    volume.created = rfc3339_now();
    const FileLock not_garbage = root_.lock_shared();
    const std::string made = root_.path("tmp/volume-" + sys::random_hex(8));
    sys::mkdir_at(AT_FDCWD, made, 0700);
    sys::mkdir_at(AT_FDCWD, made + "/data", 0755);
    if (::chmod((made + "/data").c_str(), 0755) != 0) throw SysError{errno, "set the mode of a volume"}; // whatever the umask
    if ((owner.uid != 0 || owner.gid != 0) && ::chown((made + "/data").c_str(), owner.uid, owner.gid) != 0) {
        const SysError error{errno, cat("give volume ", name, " to user ", owner.uid, " and group ", owner.gid)};
        files::remove_tree(AT_FDCWD, made);
        throw SysError(error);
    }
    files::write_atomic(AT_FDCWD, made + "/meta.json", format_meta(volume), 0600, files::Durability::synced);
    if (!sys::try_rename_noreplace(AT_FDCWD, made, AT_FDCWD, dir)) {
        files::remove_tree(AT_FDCWD, made);
        if (auto winner = find(name)) return *winner;
        throw Error("volume ", name, " is damaged: ", dir, " has no meta.json");
    }
    sys::fsync(files::open_dir(root_.path("volumes")).get(), root_.path("volumes"));
    return volume;
}

std::optional<Volume> Volumes::find(const std::string& name) const {
    check_volume_name(name);
    const std::string dir = root_.path("volumes/" + name);
    const auto text = files::find(dir + "/meta.json");
    if (!text) return std::nullopt;
    return parse_meta(*text, dir);
}

std::vector<Volume> Volumes::list() const {
    std::vector<std::string> names = files::list(AT_FDCWD, root_.path("volumes"));
    std::sort(names.begin(), names.end());
    std::vector<Volume> volumes;
    for (const std::string& name : names)
        if (auto volume = find(name)) volumes.push_back(std::move(*volume));
    return volumes;
}

bool Volumes::remove(const std::string& name) {
    check_volume_name(name);
    return root_.discard("volumes/" + name);
}

} // namespace storage
