// The memory of `ps`, see lib/list_cache.h. Numbers are the machine's: the file does not outlive a boot.
#include "lib/list_cache.h"

#include "base/error.h"
#include "base/files.h"
#include "base/version.h"

#include <fcntl.h>

#include <cstring>
#include <exception>
#include <functional>
#include <type_traits>

namespace lib {
namespace {

constexpr std::size_t size_limit = 64 << 20;   ///< bytes of the file
constexpr std::size_t worth_saving = 32;       ///< new entries
constexpr std::int64_t settled_ns = 100'000'000; ///< a tick is 10 ms at most

/// All fields of a summary, for both directions. One that is forgotten here is empty when it comes from the cache;
/// tests/unit/lib/test_list_cache.cc fills in every one.
template <typename Archive, typename Summary>
void each_field(Archive& archive, Summary& s) {
    archive(s.id), archive(s.name), archive(s.image), archive(s.image_id), archive(s.command);
    archive(s.created), archive(s.started), archive(s.finished), archive(s.status), archive(s.exit_code), archive(s.pid);
    archive(s.ports), archive(s.exposed_ports), archive(s.labels), archive(s.mounts), archive(s.volumes);
    archive(s.network), archive(s.cid_file), archive(s.restart_policy);
    archive(s.stopped_by_user), archive(s.restarts), archive(s.auto_remove);
}

template <typename T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, DirStamp>;

class Packer {
public:
    template <Plain T>
    void operator()(const T& value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void operator()(const std::string& text) {
        (*this)(static_cast<std::uint32_t>(text.size()));
        out_ += text;
    }
    void operator()(const PortMapping& port) {
        (*this)(port.host_ip), (*this)(port.host_port), (*this)(port.container_port), (*this)(static_cast<std::uint16_t>(port.transport));
    }
    void operator()(const std::pair<const std::string, std::string>& label) { (*this)(label.first), (*this)(label.second); }
    template <typename Range>
        requires requires(const Range& range) { typename Range::value_type; range.begin(); }
    void operator()(const Range& range) {
        (*this)(static_cast<std::uint32_t>(range.size()));
        for (const auto& element : range) (*this)(element);
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

struct Torn : std::exception {};

/// Throws Torn where the bytes end too early.
class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

    template <Plain T>
    void operator()(T& value) {
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
    }
    void operator()(std::string& text) { text = view(); }
    void operator()(PortMapping& port) {
        std::uint16_t transport = 0;
        (*this)(port.host_ip), (*this)(port.host_port), (*this)(port.container_port), (*this)(transport);
        port.transport = transport == static_cast<std::uint16_t>(Transport::udp) ? Transport::udp : Transport::tcp;
    }
    void operator()(std::map<std::string, std::string>& labels) {
        for (auto n = number(); n > 0; --n) {
            std::string key;
            (*this)(key), (*this)(labels[key]);
        }
    }
    template <typename T>
    void operator()(std::vector<T>& list) {
        for (auto n = number(); n > 0; --n) (*this)(list.emplace_back());
    }
    std::string_view view() { return take(number()); }
    std::string_view take(std::size_t size) {
        if (size > rest_.size()) throw Torn();
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::uint32_t number() {
        std::uint32_t n = 0;
        (*this)(n);
        return n;
    }
    std::string_view rest_;
};

/// Of an entry in the file: its stamp, its packed summary with its length before it. The summary begins with its id.
void append_entry(std::string& file, const DirStamp& stamp, std::string_view packed) {
    Packer head;
    head(stamp), head(static_cast<std::uint32_t>(packed.size()));
    file += head.take();
    file += packed;
}

} // namespace

DirStamp dir_stamp(const struct stat& status) {
    return {status.st_ino, status.st_ctim.tv_sec * 1'000'000'000LL + status.st_ctim.tv_nsec};
}

ListCache::ListCache(const Engine& engine)
    : path_(cat(engine.paths.runtime, "/list-", std::hash<std::string>()(engine.paths.data))) {
    Packer head;
    head(cat("ctl ", ctl_version, " list 2")), head(engine.paths.data);
    head_ = head.take();
    try {
        text_ = files::find(path_, size_limit).value_or("");
        if (!text_.starts_with(head_)) return;
        Unpacker file(std::string_view(text_).substr(head_.size()));
        while (!file.at_end()) {
            Entry entry;
            file(entry.stamp);
            entry.packed = file.view();
            known_.insert_or_assign(Unpacker(entry.packed).view(), entry);
        }
    } catch (const Error&) {
        known_.clear();
    } catch (const Torn&) {
        known_.clear();
    }
}

std::optional<ContainerSummary> ListCache::find(const std::string& id, const DirStamp& stamp) {
    const auto found = known_.find(id);
    if (found == known_.end() || found->second.stamp != stamp) return std::nullopt;
    found->second.is_current = true;
    try {
        ContainerSummary summary;
        Unpacker fields(found->second.packed);
        each_field(fields, summary);
        return summary;
    } catch (const Torn&) {
        return std::nullopt;
    }
}

void ListCache::remember(const ContainerSummary& summary, const DirStamp& stamp, std::int64_t now_ns) {
    if (stamp.ctime_ns > now_ns - settled_ns) return;
    Packer packed;
    each_field(packed, summary);
    append_entry(new_, stamp, packed.take());
    ++remembered_;
}

void ListCache::save() const noexcept {
    if (remembered_ < worth_saving) return;
    try {
        std::string file = head_;
        for (const auto& [id, entry] : known_)
            if (entry.is_current) append_entry(file, entry.stamp, entry.packed);
        files::write_atomic(AT_FDCWD, path_, file + new_, 0600, files::Durability::none);
    } catch (const std::exception&) { // no runtime directory, or it is full
    }
}

} // namespace lib
