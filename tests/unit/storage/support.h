// What the storage tests share: a store in a temporary directory, tar archives built in memory, a user namespace.
#pragma once

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/sys.h"
#include "rootless/userns.h"
#include "storage/digest.h"
#include "storage/store.h"
#include "storage/unpack.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace support {

/// Runs `body` as uid 0 of a user namespace of this user; what it throws is thrown here.
inline void in_userns(const std::function<void()>& body) {
    const Paths paths = Paths::detect();
    rootless::run_in_userns(rootless::load_id_maps(paths, rootless::IdPolicy::subordinate), body);
}

/// Whether this user can make user namespaces with subordinate ids. Says why not, once.
inline bool have_userns() {
    static const bool have = [] {
        try {
            in_userns([] {});
            return true;
        } catch (const Error& e) {
            std::printf("SKIP tests that need a user namespace: %s\n", e.what());
            return false;
        }
    }();
    return have;
}

/// For bodies run in the namespace, where doctest's CHECK would be lost with the process.
inline void require(bool holds, const std::string& what) {
    if (!holds) throw Error("does not hold: ", what);
}
#define REQUIRE_THERE(condition) support::require(static_cast<bool>(condition), #condition)

inline std::string error_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

class TempStore {
public:
    TempStore() : dir_(make_dir()), paths_(Paths::detect()) {
        paths_.data = dir_ + "/data";
        paths_.runtime = dir_ + "/run";
        paths_.ensure();
    }
    ~TempStore() {
        const auto remove = [&] { files::remove_tree(AT_FDCWD, dir_); };
        if (have_userns()) in_userns(remove);
        else remove();
    }
    const std::string& dir() const { return dir_; }
    Paths& paths() { return paths_; }
    storage::Store store() const { return storage::Store(paths_); }
    std::string path(const std::string& relative) const { return paths_.data + "/" + relative; }

private:
    static std::string make_dir() {
        std::string name = "/tmp/ctl-storage-test-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw SysError{errno, name};
        return name;
    }
    std::string dir_;
    Paths paths_;
};

/// Delivers a string in pieces of at most `piece` bytes.
class StringSource : public storage::ByteSource {
public:
    explicit StringSource(std::string bytes, std::size_t piece = 65536) : bytes_(std::move(bytes)), piece_(piece) {}
    std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = std::min({into.size(), piece_, bytes_.size() - at_});
        std::transform(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), bytes_.begin() + static_cast<std::ptrdiff_t>(at_ + count),
                       into.begin(), [](char c) { return static_cast<std::byte>(c); });
        at_ += count;
        return count;
    }

private:
    std::string bytes_;
    std::size_t piece_;
    std::size_t at_ = 0;
};

inline std::string read_all(storage::ByteSource& source, std::size_t piece = 100000) {
    std::string all;
    std::vector<std::byte> buffer(piece);
    while (const std::size_t count = source.read(buffer)) all.append(reinterpret_cast<const char*>(buffer.data()), count);
    return all;
}

/// Bytes that do not compress, the same in every run.
inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
    std::string bytes;
    bytes.reserve(size);
    while (bytes.size() < size) {
        seed = seed * 1664525 + 1013904223;
        bytes += static_cast<char>(static_cast<unsigned char>(seed >> 24));
    }
    return bytes;
}

inline std::string gzip(const std::string& plain) {
    z_stream state{};
    ::deflateInit2(&state, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    std::string out(::deflateBound(&state, plain.size()) + 64, '\0');
    state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    state.avail_in = static_cast<uInt>(plain.size());
    state.next_out = reinterpret_cast<Bytef*>(out.data());
    state.avail_out = static_cast<uInt>(out.size());
    ::deflate(&state, Z_FINISH);
    out.resize(state.total_out);
    ::deflateEnd(&state);
    return out;
}

inline std::string zstd(const std::string& plain) {
    std::string out(::ZSTD_compressBound(plain.size()), '\0');
    out.resize(::ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
    return out;
}

/// Writes ustar headers, so that archives can say what no tar program would.
class Tar {
public:
    struct Options {
        unsigned mode = 0644;
        unsigned uid = 0;
        unsigned gid = 0;
        std::string link;
        std::string content;
        std::vector<std::pair<std::string, std::string>> pax;
    };
    Tar& add(char type, const std::string& name, const Options& options) {
        if (!options.pax.empty()) {
            std::string records;
            for (const auto& [key, value] : options.pax) records += pax_record(key, value);
            header('x', "PaxHeaders/x", {.content = records});
        }
        return header(type, name, options);
    }
    Tar& dir(const std::string& name, unsigned mode = 0755) { return add('5', name, {.mode = mode}); }
    Tar& file(const std::string& name, const std::string& content = "") { return add('0', name, {.content = content}); }
    Tar& symlink(const std::string& name, const std::string& target) { return add('2', name, {.link = target}); }
    Tar& hardlink(const std::string& name, const std::string& target) { return add('1', name, {.link = target}); }
    std::string end() const { return bytes_ + std::string(1024, '\0'); }
    std::string unended() const { return bytes_; }

private:
    static std::string pax_record(const std::string& key, const std::string& value) {
        std::size_t length = key.size() + value.size() + 3;
        while (std::to_string(length).size() + key.size() + value.size() + 3 != length)
            length = std::to_string(length).size() + key.size() + value.size() + 3;
        return std::to_string(length) + " " + key + "=" + value + "\n";
    }
    Tar& header(char type, const std::string& name, const Options& o) {
        std::string block(512, '\0');
        const auto put = [&](std::size_t at, const std::string& text, std::size_t size) { block.replace(at, std::min(size, text.size()), text, 0, size); };
        const auto octal = [](unsigned long long value, int digits) {
            char text[32];
            std::snprintf(text, sizeof text, "%0*llo", digits, value);
            return std::string(text);
        };
        put(0, name, 100);
        put(100, octal(o.mode, 7), 8);
        put(108, octal(o.uid, 7), 8);
        put(116, octal(o.gid, 7), 8);
        put(124, octal(o.content.size(), 11), 12);
        put(136, octal(1600000000, 11), 12);
        put(148, "        ", 8);
        block[156] = type;
        put(157, o.link, 100);
        put(257, std::string("ustar\00000", 8), 8);
        put(329, octal(0, 7), 8);
        put(337, octal(0, 7), 8);
        unsigned sum = 0;
        for (const char c : block) sum += static_cast<unsigned char>(c);
        put(148, octal(sum, 6) + std::string("\0 ", 2), 8);
        bytes_ += block + o.content + std::string((512 - o.content.size() % 512) % 512, '\0');
        return *this;
    }
    std::string bytes_;
};

/// Publishes the plain tar `tar` (compressed with gzip) and returns its diff-id. In the namespace only.
inline std::string publish(storage::Store store, const std::string& tar, const storage::UnpackOptions& options = {}) {
    const std::string diff_id = storage::sha256_digest(tar);
    StringSource source(gzip(tar));
    storage::publish_layer(store, source, diff_id, options);
    return diff_id;
}

} // namespace support
